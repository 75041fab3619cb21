package io.hla.spark.table;

import io.hla.spark.GateScale;
import java.util.ArrayList;
import java.util.List;

/**
 * The names of a token table's columns.
 *
 * @param sequence sequence column; null for a table that is one sequence, whatever columns it has
 * @param sequenceRequired whether the table must have it; else a table without is one sequence
 * @param position position column
 * @param query query column, array of H d numbers
 * @param key key column, array of Hkv d numbers
 * @param value value column, array of Hkv dv numbers
 * @param gate gate column, array of H numbers; null for tokens without gates
 * @param gateScale what the numbers of the gate column are
 * @param keep further columns that go to the output as they are
 */
public record TokenColumns(
    String sequence,
    boolean sequenceRequired,
    String position,
    String query,
    String key,
    String value,
    String gate,
    GateScale gateScale,
    List<String> keep) {

  public TokenColumns {
    keep = List.copyOf(keep);
  }

  /** Names without gates. */
  public TokenColumns(
      String sequence,
      boolean sequenceRequired,
      String position,
      String query,
      String key,
      String value,
      List<String> keep) {
    this(sequence, sequenceRequired, position, query, key, value, null, GateScale.LINEAR, keep);
  }

  /** The same with a sequence column of another name, which the table must have. */
  public TokenColumns withSequence(String name) {
    return new TokenColumns(name, true, position, query, key, value, gate, gateScale, keep);
  }

  /** The same for a table that is one sequence, whatever columns it has. */
  public TokenColumns withoutSequence() {
    return new TokenColumns(null, false, position, query, key, value, gate, gateScale, keep);
  }

  /** The same with another position column. */
  public TokenColumns withPosition(String name) {
    return new TokenColumns(
        sequence, sequenceRequired, name, query, key, value, gate, gateScale, keep);
  }

  /** The same with another query column. */
  public TokenColumns withQuery(String name) {
    return new TokenColumns(
        sequence, sequenceRequired, position, name, key, value, gate, gateScale, keep);
  }

  /** The same with another key column. */
  public TokenColumns withKey(String name) {
    return new TokenColumns(
        sequence, sequenceRequired, position, query, name, value, gate, gateScale, keep);
  }

  /** The same with another value column. */
  public TokenColumns withValue(String name) {
    return new TokenColumns(
        sequence, sequenceRequired, position, query, key, name, gate, gateScale, keep);
  }

  /** The same with other columns to keep. */
  public TokenColumns keeping(List<String> names) {
    return new TokenColumns(
        sequence, sequenceRequired, position, query, key, value, gate, gateScale, names);
  }

  /** The same with another gate column, or none (null). */
  public TokenColumns gated(String name, GateScale scale) {
    return new TokenColumns(
        sequence, sequenceRequired, position, query, key, value, name, scale, keep);
  }

  /** The columns of numbers: query, key, value and, if there is one, gate. */
  public List<String> numbers() {
    return gate == null ? List.of(query, key, value) : List.of(query, key, value, gate);
  }

  /**
   * Refuses names that an output table would have twice.
   *
   * @throws io.hla.spark.InputException HLA_OUTPUT_COLUMN
   */
  public void checkOutput(boolean withSequence, String outputColumn) {
    List<String> names = new ArrayList<>(withSequence ? List.of(sequence) : List.of());
    names.addAll(List.of(position, outputColumn));
    names.addAll(keep);
    Columns.checkDistinct(names);
  }

  /** seq (optional), pos, q, k, v. */
  public static TokenColumns defaults() {
    return new TokenColumns("seq", false, "pos", "q", "k", "v", List.of());
  }
}
