package io.hla.algebra;

/**
 * Whether the inner sums are masked (section 3.2) or are products of prefix moments (section 3.1).
 */
public enum Mask {
  CAUSAL,
  NONE;

  /** The lower-case name that options, states and reports use. */
  public String text() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
