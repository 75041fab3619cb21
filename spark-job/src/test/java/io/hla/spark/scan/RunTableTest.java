package io.hla.spark.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import java.util.List;
import java.util.Map;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;

class RunTableTest {
  private static final SequenceKey A = SequenceKey.of(UTF8String.fromString("a"));
  private static final SequenceKey B = SequenceKey.of(UTF8String.fromString("b"));

  @Test
  void ordersRunsBySequenceAndPosition() {
    Run b = run(B, 0, 4);
    Run first = run(A, -7, 3);
    Run second = run(A, -4, 10);
    Run third = run(A, 6, 1);
    RunTable table = RunTable.of(List.of(third, b, first, second));
    assertThat(table.bySequence())
        .containsExactly(Map.entry(A, List.of(first, second, third)), Map.entry(B, List.of(b)));
    assertThat(table.sequences()).isEqualTo(2);
    assertThat(table.runs()).isEqualTo(4);
    assertThat(table.tokens()).isEqualTo(18);
  }

  @Test
  void holdsNoRun() {
    RunTable table = RunTable.of(List.of());
    assertThat(table.bySequence()).isEmpty();
    assertThat(table.tokens()).isZero();
  }

  @Test
  void refusesGaps() {
    refuses(
        "HLA_INPUT_GAP",
        "sequence \"a\" ends at position 119 and goes on at 132 (12 tokens missing)",
        run(A, 132, 5),
        run(A, 100, 20));
    refuses(
        "HLA_INPUT_GAP",
        "sequence \"a\" ends at position -3 and goes on at -1 (1 tokens missing)",
        run(A, -1, 5),
        run(A, -5, 3));
    refuses(
        "HLA_INPUT_GAP",
        "the sequence ends at position 0 and goes on at 2 (1 tokens missing)",
        run(SequenceKey.ONLY, 2, 1),
        run(SequenceKey.ONLY, 0, 1));
  }

  @Test
  void refusesDuplicates() {
    String message = "sequence \"a\" has position 4 more than once, expected once";
    refuses("HLA_INPUT_DUPLICATE", message, run(A, 0, 5), run(A, 4, 3));
    refuses("HLA_INPUT_DUPLICATE", message, run(A, 4, 1), run(A, 4, 1));
    refuses("HLA_INPUT_DUPLICATE", message, run(A, 0, 9), run(A, 4, 1));
  }

  @Test
  void refusesOverlaps() {
    refuses(
        "HLA_INPUT_OVERLAP",
        "sequence \"a\" has positions 3 to 4 more than once, expected once",
        run(A, 3, 3),
        run(A, 0, 5));
    refuses(
        "HLA_INPUT_OVERLAP",
        "sequence \"a\" has positions 3 to 5 more than once, expected once",
        run(A, 0, 9),
        run(A, 3, 3));
    refuses(
        "HLA_INPUT_OVERLAP",
        "sequence \"b\" has positions -2 to 1 more than once, expected once",
        run(A, 0, 9),
        run(B, -2, 4),
        run(B, -2, 4));
  }

  private static void refuses(String condition, String message, Run... runs) {
    assertThatThrownBy(() -> RunTable.of(List.of(runs)))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo(condition))
        .hasMessage(message);
  }

  private static Run run(SequenceKey sequence, long start, long length) {
    return new Run(0, sequence, start, length);
  }
}
