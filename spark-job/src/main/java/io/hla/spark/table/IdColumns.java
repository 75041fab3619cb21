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

  /** The same with a sequence column of another name, which the table must have. */
  public IdColumns withSequence(String name) {
    return new IdColumns(name, true, position, id, keep);
  }

  /** The same for a table that is one sequence, whatever columns it has. */
  public IdColumns withoutSequence() {
    return new IdColumns(null, false, position, id, keep);
  }

  /** The same with another position column. */
  public IdColumns withPosition(String name) {
    return new IdColumns(sequence, sequenceRequired, name, id, keep);
  }

  /** The same with another column of ids. */
  public IdColumns withId(String name) {
    return new IdColumns(sequence, sequenceRequired, position, name, keep);
  }

  /** The same with other columns to keep. */
  public IdColumns keeping(List<String> names) {
    return new IdColumns(sequence, sequenceRequired, position, id, names);
  }
}
