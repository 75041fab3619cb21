package io.hla.kernels;

/** Which attention is computed. */
public enum Operator {
  LINEAR,
  HLA2,
  AHLA,
  HLA3;

  /** The lower-case name that options, states and reports use. */
  public String text() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
