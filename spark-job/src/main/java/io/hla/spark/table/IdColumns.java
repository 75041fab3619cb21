package io.hla.spark.table;

import java.util.List;

/**
 * The names of the columns of a table of token ids.
 *
 * @param sequence sequence column; null for a table that is one sequence, whatever columns it has
 * @param sequenceRequired whether the table must have it; else a table without is one sequence
 * @param position position column
 * @param id column of ids, whole numbers from 0
 * @param keep further columns that go to the output as they are
 */
public record IdColumns(
    String sequence, boolean sequenceRequired, String position, String id, List<String> keep) {

  public IdColumns {
    keep = List.copyOf(keep);
  }

  /** seq (optional), pos, id. */
  public static IdColumns defaults() {
    return new IdColumns("seq", false, "pos", "id", List.of());
  }

  /** The same with other columns to keep. */
  public IdColumns keeping(List<String> names) {
    return new IdColumns(sequence, sequenceRequired, position, id, names);
  }
}
