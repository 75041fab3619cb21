package io.hla.algebra;

import java.util.ArrayList;
import java.util.List;

/** One function that the project computes: operator, mask and form. */
public record Variant(Operator operator, Mask mask, Form form) {

  /**
   * Higher orders and programs: towers on both sides, strict reads, a matrix that decays faster
   * than the one that reads it, rows that are read from a state, and steps that need the ones
   * before.
   */
  private static final List<Operator> OTHERS =
      List.of(
          Operator.ahla(3),
          Operator.hla(4),
          Operator.program(
              "x = LA<(k, q, k, g^2); y = LA(q, k, x, g^3); o = LA(q, y, LA<(q, k, v), g^5)"),
          Operator.program("u = LA(q, k, k, g^2); o = LA(q, u, v) + 0.5 * LA<(q, k, v, 1)"),
          Operator.program("w = LA<(LA(q, k, k), q, v); o = LA(q, k, w) - LA(q, k, v, g^2)"));

  /** Every variant that settings allow; mask none changes nothing for linear attention. */
  public static List<Variant> all() {
    List<Variant> variants = new ArrayList<>();
    for (Operator operator :
        List.of(Operator.LINEAR, Operator.HLA2, Operator.AHLA, Operator.HLA3)) {
      variants.add(new Variant(operator, Mask.CAUSAL, Form.EXACT));
      variants.add(new Variant(operator, Mask.NONE, Form.EXACT));
    }
    variants.add(new Variant(Operator.HLA2, Mask.CAUSAL, Form.PUBLISHED));
    variants.add(new Variant(Operator.HLA3, Mask.CAUSAL, Form.PUBLISHED));
    for (Operator operator : OTHERS) {
      variants.add(new Variant(operator, Mask.CAUSAL, Form.EXACT));
    }
    return variants;
  }

  /** Whether the ridge belongs to it. */
  public boolean hasRidge() {
    return operator.equals(Operator.HLA2) && mask == Mask.CAUSAL;
  }

  public AttentionSettings.Builder settings(int headDim, int valueDim) {
    return AttentionSettings.builder(headDim, valueDim).operator(operator).mask(mask).form(form);
  }

  /** Whether outputs are differences of sums. */
  public boolean subtracts() {
    AttentionSettings any = settings(1, 1).build();
    return Operators.outputs(any).output().stream().anyMatch(term -> term.coefficient() < 0);
  }

  @Override
  public String toString() {
    return operator.text() + "-" + mask.text() + "-" + form.text();
  }
}
