package io.hla.spark.state;

import io.hla.spark.Attention;
import io.hla.spark.InputException;
import io.hla.spark.runs.Run;
import io.hla.spark.table.Columns;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenColumns;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;

/**
 * A stretch of one sequence, computed from the nearest state at or in front of it: {@link #narrow}
 * the tokens, go {@link #on} from the state, run, {@link #check} the result and {@link #cut} its
 * outputs.
 *
 * @param sequence the sequence
 * @param sequenceType type of the sequence column, or null when there is none
 * @param first first position of the stretch
 * @param last last position of the stretch
 * @param from the position that the nearest state stands in front of
 * @param state that state as a table of one row, or null if nothing stands in front
 */
public record StateRange(
    SequenceKey sequence,
    DataType sequenceType,
    long first,
    long last,
    long from,
    Dataset<Row> state) {

  /**
   * Finds the nearest state.
   *
   * @param prefixes a prefix table as it is stored
   * @param name what messages call it
   * @throws InputException HLA_STATE_TABLE or HLA_RANGE_PREFIX
   */
  public static StateRange open(
      Dataset<Row> prefixes,
      String name,
      DataType sequenceType,
      SequenceKey sequence,
      long first,
      long last) {
    Row nearest = StateTable.nearest(prefixes, name, sequenceType, sequence, first);
    int position = nearest.length() - 2;
    return new StateRange(
        sequence,
        sequenceType,
        first,
        last,
        nearest.getLong(position),
        nearest.isNullAt(position + 1)
            ? null
            : prefixes.sparkSession().createDataFrame(List.of(nearest), nearest.schema()));
  }

  /** The tokens that the stretch depends on, but for the state. */
  public Dataset<Row> narrow(Dataset<Row> tokens, TokenColumns columns) {
    Dataset<Row> rows = tokens.where(Columns.named(columns.position()).between(from, last));
    return sequenceType == null
        ? rows
        : rows.where(Columns.named(columns.sequence()).equalTo(sequence.external(sequenceType)));
  }

  /** The request that goes on from the state. */
  public Attention on(Attention request) {
    return state == null ? request : request.initialStates(state);
  }

  /**
   * Refuses narrowed tokens that do not reach from the state to the end of the stretch.
   *
   * @throws InputException HLA_RANGE_MISSING or HLA_STATE_POSITION
   */
  public void check(Attention.Result result) {
    if (result.tokens() == 0) {
      throw missing("none");
    }
    SequenceKey found = result.longestSequence();
    long start = result.runsOf(found, 0, 1).get(0).start();
    Run end = result.runsOf(found, result.longest() - 1, result.longest()).get(0);
    if (start != from) {
      throw new InputException(
          "HLA_STATE_POSITION",
          String.format(
              Locale.ROOT,
              "%s starts at position %d, its initial state expects %d",
              sequence.text(sequenceType),
              start,
              from));
    }
    if (end.end() != last + 1) {
      throw missing(Long.toString(end.end() - 1));
    }
  }

  private InputException missing(String end) {
    return new InputException(
        "HLA_RANGE_MISSING",
        String.format(Locale.ROOT, "the range ends at position %d, the tokens at %s", last, end));
  }

  /** The outputs of the stretch alone. */
  public Dataset<Row> cut(Dataset<Row> outputs, TokenColumns columns) {
    return outputs.where(Columns.named(columns.position()).geq(first));
  }
}
