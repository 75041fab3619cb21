package io.hla.spark.stream;

import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The rows of a sequence that a micro-batch and what was held back bring, in order: those that go
 * on from the last token, those that have to wait, those that are late.
 *
 * @param ready rows of consecutive positions from the next one on
 * @param held rows behind a position that is missing
 * @param late what is late or comes again, as far as anybody wants to know of it
 */
record Arrivals(List<byte[]> ready, List<byte[]> held, List<LateRow> late) {

  /** A row that gets no attention, and why. */
  record LateRow(byte[] row, long position, String error) {}

  /**
   * Puts rows in order.
   *
   * @param rows of one sequence, in any order; sorted by the call
   * @param next the position that the sequence goes on at
   * @param isNew whether the sequence has no token yet
   * @param sequence what messages call it
   * @throws InputException HLA_INPUT_LATE or HLA_INPUT_GAP where the options do not allow for it
   */
  static Arrivals of(
      List<ArrivedRow> rows, long next, boolean isNew, StreamOptions options, String sequence) {
    Collections.sort(rows);
    Arrivals arrivals = new Arrivals(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    long expected = next;
    ArrivedRow before = null;
    ArrivedRow firstHeld = null;
    for (ArrivedRow row : rows) {
      boolean isAgain = before != null && before.position() == row.position();
      if (isAgain || row.position() < expected) {
        arrivals.late(row, expected, options, sequence).ifPresent(arrivals.late::add);
      } else if (row.position() == expected && arrivals.held.isEmpty()) {
        arrivals.ready.add(row.row());
        expected = Math.addExact(expected, 1);
      } else {
        firstHeld = firstHeld == null ? row : firstHeld;
        arrivals.held.add(row.row());
      }
      before = row;
    }
    if (arrivals.held.size() > options.holdBack()) {
      throw gap(
          sequence,
          expected,
          isNew && expected == next,
          firstHeld.position(),
          arrivals.held.size(),
          options.holdBack());
    }
    return arrivals;
  }

  private Optional<LateRow> late(
      ArrivedRow row, long expected, StreamOptions options, String sequence) {
    if (options.late() == LatePositions.DROP) {
      return Optional.empty();
    }
    String message =
        row.position() < expected
            ? String.format(
                Locale.ROOT,
                "position %d of %s comes late or again, expected %d",
                row.position(),
                sequence,
                expected)
            : String.format(
                Locale.ROOT,
                "position %d of %s comes again while it waits for %d",
                row.position(),
                sequence,
                expected);
    if (options.late() == LatePositions.FAIL) {
      throw new InputException("HLA_INPUT_LATE", message);
    }
    return Optional.of(new LateRow(row.row(), row.position(), "[HLA_INPUT_LATE] " + message));
  }

  private static InputException gap(
      String sequence, long expected, boolean isStart, long found, int waiting, int most) {
    String missing = String.format(Locale.ROOT, "(%d tokens missing", found - expected);
    return new InputException(
        "HLA_INPUT_GAP",
        String.format(
            Locale.ROOT,
            isStart
                ? "%s starts at position %3$d, expected %2$d %4$s%5$s)"
                : "%s ends at position %6$d and goes on at %3$d %4$s%5$s)",
            sequence,
            expected,
            found,
            missing,
            most == 0
                ? ""
                : String.format(
                    Locale.ROOT, ", %d rows wait for them, at most %d may", waiting, most),
            expected - 1));
  }
}
