package io.hla.algebra;

import java.util.Locale;

/** The arithmetic of a kernel. */
public enum Precision {
  /** Tokens, blocks and matrices in float. */
  FLOAT32,
  /** Tokens and block arithmetic in float, matrices in double, updated once per block. */
  MIXED,
  /** All in double. */
  FLOAT64;

  /** The lower-case name that options, states and reports use. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Whether tokens and outputs are double arrays (else float). */
  public boolean isDouble() {
    return this == FLOAT64;
  }
}
