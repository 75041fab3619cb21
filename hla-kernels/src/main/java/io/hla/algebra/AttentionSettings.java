package io.hla.algebra;

import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Everything that decides the value of an output besides the tokens. Query head h reads key and
 * value head {@code h / (numHeads / numKvHeads)}.
 *
 * @param operator which attention
 * @param mask causal (masked tuples) or none (products of prefix moments)
 * @param form exact, or the recurrences as the paper prints them (hla2 and hla3, causal)
 * @param numHeads query heads H, at least 1
 * @param numKvHeads key and value heads Hkv, a divisor of H
 * @param headDim d, length of a query or key vector of one head, at least 1
 * @param valueDim dv, length of a value vector of one head, at least 1
 * @param decay g in (0, 1], one per query head (paper section 4.2)
 * @param ridge lambda: adds lambda q_t^T C_t to the numerator; hla2 causal only (section 3.3)
 * @param normalize whether outputs are divided by the same program with v = 1, plus epsilon
 * @param epsilon added to the denominator, its sign kept
 * @param scale multiplies q once, before the feature map
 * @param featureMap applied to q and k
 * @param precision arithmetic of the kernels
 * @param gated whether every token has a gate in [0, 1] per query head that multiplies the decay
 */
public record AttentionSettings(
    Operator operator,
    Mask mask,
    Form form,
    int numHeads,
    int numKvHeads,
    int headDim,
    int valueDim,
    List<Double> decay,
    double ridge,
    boolean normalize,
    double epsilon,
    double scale,
    FeatureMap featureMap,
    Precision precision,
    boolean gated)
    implements Serializable {

  /** The share of 1 - g by which float32 may round a decay g. */
  private static final double FADING = 0.01;

  /** The arithmetic unless another is asked for. */
  public static final Precision DEFAULT_PRECISION = Precision.FLOAT64;

  /** Validates every rule that does not need tokens. Throws {@link SettingsException}. */
  public AttentionSettings {
    decay = List.copyOf(decay);
    check(numHeads >= 1, "HLA_HEADS", "num-heads is %d, expected at least 1", numHeads);
    check(numKvHeads >= 1, "HLA_HEADS", "num-kv-heads is %d, expected at least 1", numKvHeads);
    check(
        numHeads % numKvHeads == 0,
        "HLA_HEADS",
        "num-heads is %d, expected a multiple of num-kv-heads %d",
        numHeads,
        numKvHeads);
    check(headDim >= 1, "HLA_HEADS", "head-dim is %d, expected at least 1", headDim);
    check(valueDim >= 1, "HLA_HEADS", "value-dim is %d, expected at least 1", valueDim);
    check(
        decay.size() == numHeads,
        "HLA_DECAY_COUNT",
        "decay has %d values, expected 1 or one for each of %d heads",
        decay.size(),
        numHeads);
    for (int h = 0; h < decay.size(); h++) {
      double g = decay.get(h);
      check(g > 0 && g <= 1, "HLA_DECAY_RANGE", "decay of head %d is %s, expected (0, 1]", h, g);
      check(
          precision != Precision.FLOAT32 || Math.abs((float) g - g) <= FADING * (1 - g),
          "HLA_DECAY_PRECISION",
          "decay of head %d is %s, which float32 takes for %s: expected precision mixed or float64",
          h,
          g,
          (float) g);
    }
    check(
        ridge >= 0 && Double.isFinite(ridge),
        "HLA_OPTION_RANGE",
        "ridge is %s, expected a finite number from 0",
        ridge);
    check(
        epsilon >= 0 && Double.isFinite(epsilon),
        "HLA_OPTION_RANGE",
        "epsilon is %s, expected a finite number from 0",
        epsilon);
    check(
        Double.isFinite(scale), "HLA_OPTION_RANGE", "scale is %s, expected a finite number", scale);
    check(
        ridge == 0 || (operator.equals(Operator.HLA2) && mask == Mask.CAUSAL),
        "HLA_OPTION_NOT_APPLICABLE",
        "ridge %s belongs to operator hla2 with mask causal, not to %s with mask %s",
        ridge,
        operator.text(),
        mask.text());
    check(
        form == Form.EXACT
            || (mask == Mask.CAUSAL
                && (operator.equals(Operator.HLA2) || operator.equals(Operator.HLA3))),
        "HLA_OPTION_NOT_APPLICABLE",
        "form published belongs to hla2 and hla3 with mask causal, not to %s with mask %s",
        operator.text(),
        mask.text());
    check(
        mask == Mask.CAUSAL || operator.isOfThePaper(),
        "HLA_OPTION_NOT_APPLICABLE",
        "mask none belongs to linear, hla2, ahla and hla3, not to %s",
        operator.text());
  }

  /** A builder that holds the defaults: hla2, causal, exact, one head, no decay, float64. */
  public static Builder builder(int headDim, int valueDim) {
    return new Builder(headDim, valueDim);
  }

  /** The key and value head that query head {@code head} reads. */
  public int kvHead(int head) {
    return head / (numHeads / numKvHeads);
  }

  /** Values per token in a query row: H d. */
  public int queryWidth() {
    return Math.multiplyExact(numHeads, headDim);
  }

  /** Values per token in a key row: Hkv d. */
  public int keyWidth() {
    return Math.multiplyExact(numKvHeads, headDim);
  }

  /** Values per token in a value row: Hkv dv. */
  public int valueWidth() {
    return Math.multiplyExact(numKvHeads, valueDim);
  }

  /** Values per token in an output row: H dv. */
  public int outputWidth() {
    return Math.multiplyExact(numHeads, valueDim);
  }

  /** Gates per token: H, or none. */
  public int gateWidth() {
    return gated ? numHeads : 0;
  }

  /** Columns of v inside the kernels: dv, and one more for the ones when normalizing. */
  public int valueColumns() {
    return valueDim + (normalize ? 1 : 0);
  }

  /** Whether what a token adds is worth less at later tokens. */
  public boolean decays() {
    return gated || decay.stream().anyMatch(g -> g != 1);
  }

  /** The same function in another arithmetic. */
  public AttentionSettings withPrecision(Precision other) {
    return toBuilder(headDim, valueDim).precision(other).build();
  }

  /** The same operator with other decays, one per query head. */
  public AttentionSettings withDecay(List<Double> values) {
    return toBuilder(headDim, valueDim).decay(values).build();
  }

  /** The same operator with or without its denominator. */
  public AttentionSettings withNormalize(boolean value) {
    return toBuilder(headDim, valueDim).normalize(value).build();
  }

  /** The same function of heads of other sizes. */
  public AttentionSettings withSizes(int d, int dv) {
    return toBuilder(d, dv).build();
  }

  private Builder toBuilder(int d, int dv) {
    return builder(d, dv)
        .operator(operator)
        .mask(mask)
        .form(form)
        .heads(numHeads, numKvHeads)
        .decay(decay)
        .ridge(ridge)
        .normalize(normalize)
        .epsilon(epsilon)
        .scale(scale)
        .featureMap(featureMap)
        .precision(precision)
        .gated(gated);
  }

  /** The settings by their option names, in a fixed order; {@code gated} only where it is true. */
  public Map<String, String> describe() {
    Map<String, String> text = new LinkedHashMap<>();
    text.put("operator", operator.text());
    text.put("mask", mask.text());
    text.put("form", form.text());
    text.put("num-heads", Integer.toString(numHeads));
    text.put("num-kv-heads", Integer.toString(numKvHeads));
    text.put("head-dim", Integer.toString(headDim));
    text.put("value-dim", Integer.toString(valueDim));
    text.put("decay", decay.toString());
    text.put("ridge", Double.toString(ridge));
    text.put("normalize", Boolean.toString(normalize));
    text.put("epsilon", Double.toString(epsilon));
    text.put("scale", Double.toString(scale));
    text.put("feature-map", featureMap.text());
    text.put("precision", precision.text());
    if (gated) {
      text.put("gated", "true");
    }
    return Collections.unmodifiableMap(text);
  }

  private static void check(boolean holds, String condition, String message, Object... values) {
    if (!holds) {
      throw new SettingsException(condition, String.format(Locale.ROOT, message, values));
    }
  }

  /** Collects settings by name; {@link #build()} validates them. */
  public static final class Builder {
    private final int headDim;
    private final int valueDim;
    private Operator operator = Operator.HLA2;
    private Mask mask = Mask.CAUSAL;
    private Form form = Form.EXACT;
    private int numHeads = 1;
    private int numKvHeads;
    private List<Double> decay = List.of(1.0);
    private double ridge;
    private boolean normalize;
    private double epsilon = 1e-6;
    private double scale = 1;
    private FeatureMap featureMap = FeatureMap.IDENTITY;
    private Precision precision = DEFAULT_PRECISION;
    private boolean gated;

    private Builder(int headDim, int valueDim) {
      this.headDim = headDim;
      this.valueDim = valueDim;
    }

    public Builder operator(Operator value) {
      operator = value;
      return this;
    }

    public Builder mask(Mask value) {
      mask = value;
      return this;
    }

    public Builder form(Form value) {
      form = value;
      return this;
    }

    /** Query heads and key-value heads. */
    public Builder heads(int query, int keyValue) {
      numHeads = query;
      numKvHeads = keyValue;
      return this;
    }

    /** One decay for all heads, or one per query head. */
    public Builder decay(List<Double> values) {
      decay = List.copyOf(values);
      return this;
    }

    /** One decay for all heads. */
    public Builder decay(double value) {
      return decay(List.of(value));
    }

    public Builder ridge(double value) {
      ridge = value;
      return this;
    }

    public Builder normalize(boolean value) {
      normalize = value;
      return this;
    }

    public Builder epsilon(double value) {
      epsilon = value;
      return this;
    }

    public Builder scale(double value) {
      scale = value;
      return this;
    }

    public Builder featureMap(FeatureMap value) {
      featureMap = value;
      return this;
    }

    public Builder precision(Precision value) {
      precision = value;
      return this;
    }

    /** Whether tokens have gates. */
    public Builder gated(boolean value) {
      gated = value;
      return this;
    }

    /** The validated settings. Throws {@link SettingsException}. */
    public AttentionSettings build() {
      List<Double> perHead =
          decay.size() == 1 && numHeads > 1 ? Collections.nCopies(numHeads, decay.get(0)) : decay;
      return new AttentionSettings(
          operator,
          mask,
          form,
          numHeads,
          numKvHeads == 0 ? numHeads : numKvHeads,
          headDim,
          valueDim,
          perHead,
          ridge,
          normalize,
          epsilon,
          scale,
          featureMap,
          precision,
          gated);
    }
  }
}
