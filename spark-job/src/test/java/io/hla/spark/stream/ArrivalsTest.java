package io.hla.spark.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ArrivalsTest {
  private static final StreamOptions FAIL = StreamOptions.defaults();

  private static ArrivedRow row(long position, int content, boolean wasHeld) {
    return new ArrivedRow(position, new byte[] {(byte) content}, wasHeld);
  }

  private static List<ArrivedRow> rows(long... positions) {
    List<ArrivedRow> rows = new ArrayList<>();
    for (long position : positions) {
      rows.add(row(position, (int) position, false));
    }
    return rows;
  }

  private static Arrivals arrivals(List<ArrivedRow> rows, long next, StreamOptions options) {
    return Arrivals.of(rows, next, false, options, "sequence \"s\"");
  }

  private static List<Integer> contents(List<byte[]> rows) {
    return rows.stream().map(row -> (int) row[0]).toList();
  }

  private static void refuses(
      String condition,
      String message,
      List<ArrivedRow> rows,
      boolean isNew,
      StreamOptions options) {
    assertThatThrownBy(() -> Arrivals.of(rows, 5, isNew, options, "sequence \"s\""))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo(condition))
        .hasMessage(message);
  }

  @Test
  void rowsComeInOrder() {
    Arrivals arrivals = arrivals(rows(7, 5, 6, 8), 5, FAIL);
    assertThat(contents(arrivals.ready())).containsExactly(5, 6, 7, 8);
    assertThat(arrivals.held()).isEmpty();
    assertThat(arrivals.late()).isEmpty();
  }

  @Test
  void whatComesAgainIsTheSameInAnyOrderOfArrival() {
    for (int seed = 0; seed < 20; seed++) {
      List<ArrivedRow> rows = rows(5, 6);
      rows.add(row(6, 1, false));
      rows.add(row(6, 9, false));
      Collections.shuffle(rows, new Random(seed));
      Arrivals arrivals = arrivals(rows, 5, FAIL.late(LatePositions.ERROR));
      assertThat(contents(arrivals.ready())).containsExactly(5, 1);
      assertThat(arrivals.late()).extracting(late -> (int) late.row()[0]).containsExactly(6, 9);
    }
  }

  @Test
  void heldRowsWaitAndComeFirst() {
    StreamOptions hold = FAIL.holdBack(3).late(LatePositions.DROP);
    Arrivals first = arrivals(rows(8, 7, 5), 5, hold);
    assertThat(contents(first.ready())).containsExactly(5);
    assertThat(contents(first.held())).containsExactly(7, 8);
    List<ArrivedRow> next = new ArrayList<>(List.of(row(7, 77, false), row(6, 6, false)));
    next.add(row(7, 7, true));
    next.add(row(8, 8, true));
    Arrivals second = arrivals(next, 6, hold);
    assertThat(contents(second.ready())).containsExactly(6, 7, 8);
    assertThat(second.held()).isEmpty();
    assertThat(second.late()).isEmpty();
  }

  @Test
  void refusesWhatOptionsDoNotAllow() {
    refuses(
        "HLA_INPUT_LATE",
        "position 4 of sequence \"s\" comes late or again, expected 5",
        rows(5, 4),
        false,
        FAIL);
    refuses(
        "HLA_INPUT_LATE",
        "position 5 of sequence \"s\" comes late or again, expected 6",
        rows(5, 5),
        false,
        FAIL);
    refuses(
        "HLA_INPUT_LATE",
        "position 9 of sequence \"s\" comes again while it waits for 6",
        rows(5, 9, 9),
        false,
        FAIL.holdBack(2));
    refuses(
        "HLA_INPUT_GAP",
        "sequence \"s\" ends at position 4 and goes on at 7 (2 tokens missing)",
        rows(7),
        false,
        FAIL);
    refuses(
        "HLA_INPUT_GAP",
        "sequence \"s\" ends at position 5 and goes on at 7 (1 tokens missing, 2 rows wait for them,"
            + " at most 1 may)",
        rows(7, 8, 5),
        true,
        FAIL.holdBack(1));
    refuses(
        "HLA_INPUT_GAP",
        "sequence \"s\" starts at position 7, expected 5 (2 tokens missing)",
        rows(7),
        true,
        FAIL);
  }
}
