package io.hla.spark.input;

import io.hla.spark.InputException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;

/**
 * Reads a partition again along the runs that were planned for it. A row that is not the planned
 * one means that the input changed since it was indexed.
 */
public final class RunReader {
  private final Iterator<InternalRow> rows;
  private final TokenRow layout;
  private final Iterator<Run> ahead;

  /** {@code runs} are those of the partition, in stored order. */
  public RunReader(Iterator<InternalRow> rows, TokenRow layout, List<Run> runs) {
    this.rows = rows;
    this.layout = layout;
    this.ahead = runs.iterator();
  }

  /** Passes over the runs in front of {@code run}, which is none of those read so far. */
  public void goTo(Run run) {
    for (Run next = ahead.next(); !next.equals(run); next = ahead.next()) {
      for (long i = 0; i < next.length(); i++) {
        next(next, i);
      }
    }
  }

  /** The row of the token at {@code offset} in {@code run}; valid until the next call. */
  public InternalRow next(Run run, long offset) {
    long expected = run.start() + offset;
    if (!rows.hasNext()) {
      throw changed(run, expected, "the partition ends there");
    }
    InternalRow row = rows.next();
    boolean sameSequence =
        layout.sequenceType() == null
            || (!row.isNullAt(layout.sequenceOrdinal())
                && run.sequence()
                    .matches(row.get(layout.sequenceOrdinal(), layout.sequenceType())));
    if (row.isNullAt(TokenRow.POSITION)
        || row.getLong(TokenRow.POSITION) != expected
        || !sameSequence) {
      throw changed(run, expected, "another row stands there");
    }
    return row;
  }

  /** Checks that the partition has no further rows. */
  public void end(int partition) {
    if (rows.hasNext()) {
      throw new InputException(
          "HLA_INPUT_CHANGED",
          "partition " + partition + " has more rows than when it was indexed");
    }
  }

  private static InputException changed(Run run, long expected, String found) {
    return new InputException(
        "HLA_INPUT_CHANGED",
        String.format(
            "the input changed while it was read: position %d of %s was indexed in partition %d,"
                + " now %s",
            expected, run.sequence(), run.partition(), found));
  }
}
