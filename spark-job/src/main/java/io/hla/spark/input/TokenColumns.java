package io.hla.spark.input;

import java.util.List;

/**
 * The names of a token table's columns.
 *
 * @param sequence sequence column
 * @param sequenceRequired whether the table must have it; else a table without is one sequence
 * @param position position column
 * @param query query column, array of H d numbers
 * @param key key column, array of Hkv d numbers
 * @param value value column, array of Hkv dv numbers
 * @param keep further columns that go to the output as they are
 */
public record TokenColumns(
    String sequence,
    boolean sequenceRequired,
    String position,
    String query,
    String key,
    String value,
    List<String> keep) {

  public TokenColumns {
    keep = List.copyOf(keep);
  }

  /** seq (optional), pos, q, k, v. */
  public static TokenColumns defaults() {
    return new TokenColumns("seq", false, "pos", "q", "k", "v", List.of());
  }
}
