package io.hla.algebra;

/**
 * Which reading of the masked sum: the exact tuples i, j &lt;= u &lt;= t, or the paper's printed
 * recurrences.
 */
public enum Form {
  EXACT,
  PUBLISHED;

  /** The lower-case name that options, states and reports use. */
  public String text() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
