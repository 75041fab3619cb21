package io.hla.kernels;

import java.util.ArrayList;
import java.util.List;

/** One function that the project computes: operator, mask and form. */
record Variant(Operator operator, Mask mask, Form form) {

  /** Every variant that settings allow; mask none changes nothing for linear attention. */
  static List<Variant> all() {
    List<Variant> variants = new ArrayList<>();
    for (Operator operator : Operator.values()) {
      variants.add(new Variant(operator, Mask.CAUSAL, Form.EXACT));
      variants.add(new Variant(operator, Mask.NONE, Form.EXACT));
    }
    variants.add(new Variant(Operator.HLA2, Mask.CAUSAL, Form.PUBLISHED));
    variants.add(new Variant(Operator.HLA3, Mask.CAUSAL, Form.PUBLISHED));
    return variants;
  }

  /** Whether the ridge belongs to it. */
  boolean hasRidge() {
    return operator == Operator.HLA2 && mask == Mask.CAUSAL;
  }

  AttentionSettings.Builder settings(int headDim, int valueDim) {
    return AttentionSettings.builder(headDim, valueDim).operator(operator).mask(mask).form(form);
  }

  @Override
  public String toString() {
    return operator.text() + "-" + mask.text() + "-" + form.text();
  }
}
