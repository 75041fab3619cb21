package io.hla.algebra;

import java.util.List;

/**
 * What a segment of tokens does to any state in front of it. Immutable. Summaries of neighbouring
 * segments form a monoid: with {@code *} for {@link #combine},
 *
 * <pre>
 *   (a * b) * c = a * (b * c)        identity * a = a = a * identity        a * b != b * a
 * </pre>
 *
 * so their order is part of the result and no unordered reduction may be used.
 */
public final class Summary {
  private static final double[] NO_PRODUCTS = {};

  private final Algebra algebra;
  private final int step;
  private final long tokens;
  private final double[] values;

  /** The product of all decays of each head; null where the decay is constant. */
  private final double[] products;

  Summary(Algebra algebra, int step, long tokens, double[] values, double[] products) {
    this.algebra = algebra;
    this.step = step;
    this.tokens = tokens;
    this.values = values;
    this.products = products;
  }

  /**
   * How many scan steps the operator needs: 1 where the summary of a segment does not depend on
   * what stands in front of it.
   */
  public static int steps(AttentionSettings settings) {
    return Algebra.of(settings).steps().size();
  }

  /** About how many bytes {@link #toBytes} gives for a summary of {@code step}. */
  public static long sizeInBytes(AttentionSettings settings, int step) {
    return 8L * (Algebra.of(settings).summaryLayout(step).packedSize() + settings.gateWidth());
  }

  /** Bytes of a summary of {@code step} as it lies in memory, where nothing is packed. */
  public static long bytesInMemory(AttentionSettings settings, int step) {
    return 8L * (Algebra.of(settings).summaryLayout(step).size() + settings.gateWidth());
  }

  /** The summary of no token. */
  public static Summary identity(AttentionSettings settings, int step) {
    Algebra algebra = Algebra.of(settings);
    return new Summary(
        algebra,
        step,
        0,
        new double[algebra.summaryLayout(step).size()],
        settings.gated() ? algebra.constantDecays(0) : null);
  }

  /**
   * The summary of this segment followed by {@code later}; {@link ScanStep} gives the equation.
   *
   * @throws StateException if the other was made with other settings or in another step
   */
  public Summary combine(Summary later) {
    StateException.checkSame("combine summaries", settings(), later.settings());
    if (step != later.step) {
      throw new StateException(
          "HLA_STATE_STEP", "cannot combine summaries of steps " + step + " and " + later.step);
    }
    return new Summary(
        algebra,
        step,
        Math.addExact(tokens, later.tokens),
        algebra.follow(algebra.summaryLayout(step), values, decays(), later),
        products == null ? null : multiply(products, later.products));
  }

  private static double[] multiply(double[] left, double[] right) {
    double[] product = new double[left.length];
    DoubleRows.multiply(product, left, right, 0, product.length);
    return product;
  }

  /** Whether all of its numbers are finite. */
  public boolean isFinite() {
    return Finite.all(values, values.length);
  }

  /** The settings that the summary was made with. */
  public AttentionSettings settings() {
    return algebra.settings();
  }

  /** The scan step that the summary belongs to. */
  public int step() {
    return step;
  }

  /** Tokens of the segment. */
  public long tokens() {
    return tokens;
  }

  /** The paper's symbols of the matrices, in the order of the bytes. */
  public List<String> matrices() {
    return algebra.summaryLayout(step).names();
  }

  /** The bytes of this summary; {@link StateBytes} draws them. */
  public byte[] toBytes() {
    return StateBytes.write(
        StateBytes.Kind.SUMMARY,
        settings(),
        step,
        tokens,
        algebra.summaryLayout(step),
        values,
        products == null ? NO_PRODUCTS : products);
  }

  /**
   * Reads a summary.
   *
   * @throws StateException if the bytes are damaged, not a summary, or of a newer version
   */
  public static Summary fromBytes(byte[] bytes) {
    StateBytes read = StateBytes.read(StateBytes.Kind.SUMMARY, bytes);
    Algebra algebra = Algebra.of(read.settings());
    if (read.step() < 0 || read.step() >= algebra.steps().size()) {
      throw new StateException(
          "HLA_STATE_DAMAGED",
          "scan step is " + read.step() + ", expected below " + algebra.steps().size());
    }
    double[] products = new double[read.settings().gateWidth()];
    double[] values = read.values(algebra.summaryLayout(read.step()), products);
    return new Summary(
        algebra, read.step(), read.tokens(), values, read.settings().gated() ? products : null);
  }

  /** Whether bytes begin as those of a summary do, whatever else they hold. */
  public static boolean isSummary(byte[] bytes) {
    return StateBytes.begins(StateBytes.Kind.SUMMARY, bytes);
  }

  /** The product of the decays of all tokens for each head. */
  double[] decays() {
    return products == null ? algebra.constantDecays(tokens) : products;
  }

  /** A copy of all matrices, in the order of those of {@link State#values}. */
  public double[] values() {
    return values.clone();
  }

  /** The same without a copy. */
  double[] shared() {
    return values;
  }
}
