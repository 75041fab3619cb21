package io.hla.spark.input;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;

class RunCutterTest {
  private static final RunCutter WORDS = new RunCutter(DataTypes.StringType, 0, 2, 100);

  @Test
  void cutsWhereSequenceOrPositionBreaks() {
    RunCutter.Cut cut =
        cut(WORDS, row("a", 5), row("a", 6), row("a", 8), row("b", 9), row("b", 10), row("a", 7));
    assertThat(cut.runs())
        .containsExactly(run("a", 5, 2), run("a", 8, 1), run("b", 9, 2), run("a", 7, 1));
    assertThat(cut.tokens()).isEqualTo(6);
    assertThat(cut.count()).isEqualTo(4);
    assertThat(cut.problem()).isNull();
  }

  @Test
  void aRepeatedPositionStartsARun() {
    assertThat(cut(WORDS, row("a", 1), row("a", 1), row("a", 2)).runs())
        .containsExactly(run("a", 1, 1), run("a", 1, 2));
  }

  @Test
  void cutsPositionsFromBelowZeroOn() {
    List<InternalRow> rows = new ArrayList<>();
    for (long position = -9; position < 9; position++) {
      rows.add(row("a", position));
    }
    RunCutter chunks = new RunCutter(DataTypes.StringType, 4, 2, 100);
    assertThat(cut(chunks, rows.toArray(InternalRow[]::new)).runs())
        .containsExactly(
            run("a", -9, 1),
            run("a", -8, 4),
            run("a", -4, 4),
            run("a", 0, 4),
            run("a", 4, 4),
            run("a", 8, 1));
  }

  @Test
  void runsOfSeveralSequencesTakeTurns() {
    InternalRow[] rows = {
      row("a", 5), row("b", 0), row("a", 6), row("b", 1), row("b", 2), row("a", 7), row("b", 9)
    };
    assertThat(cut(WORDS, rows).runs())
        .containsExactly(run("a", 5, 3), run("b", 0, 3), run("b", 9, 1));
    RunCutter one = new RunCutter(DataTypes.StringType, 0, 1, 100);
    assertThat(cut(one, rows).runs())
        .containsExactly(
            run("a", 5, 1),
            run("b", 0, 1),
            run("a", 6, 1),
            run("b", 1, 2),
            run("a", 7, 1),
            run("b", 9, 1));
  }

  @Test
  void theRunThatIsIdleForLongestEndsWhenTooManyTakeTurns() {
    assertThat(
            cut(WORDS, row("a", 0), row("b", 0), row("a", 1), row("c", 0), row("b", 1), row("c", 1))
                .runs())
        .containsExactly(run("a", 0, 2), run("b", 0, 1), run("c", 0, 2), run("b", 1, 1));
  }

  @Test
  void runsThatTakeTurnsEndAtMultiplesOfTheChunk() {
    RunCutter chunks = new RunCutter(DataTypes.StringType, 4, 2, 100);
    assertThat(cut(chunks, row("a", 3), row("b", 4), row("a", 4), row("b", 5), row("a", 5)).runs())
        .containsExactly(run("a", 3, 1), run("b", 4, 2), run("a", 4, 2));
  }

  @Test
  void aTableWithoutSequencesIsOne() {
    RunCutter cutter = new RunCutter(null, 0, 1, 100);
    assertThat(cut(cutter, row(null, 3), row(null, 4)).runs())
        .containsExactly(new Run(2, SequenceKey.ONLY, 3, 2));
    assertThat(cut(cutter).runs()).isEmpty();
  }

  @Test
  void keysOutliveTheRowTheyCameFrom() {
    byte[] memory = "a".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    InternalRow row = new GenericInternalRow(new Object[] {1L, UTF8String.fromBytes(memory)});
    List<Run> runs = cut(WORDS, row).runs();
    memory[0] = 'z';
    assertThat(runs).containsExactly(run("a", 1, 1));
  }

  @Test
  void countsRunsBeyondTheLimitWithoutListingThem() {
    RunCutter cutter = new RunCutter(DataTypes.StringType, 0, 2, 2);
    assertThat(cut(cutter, row("a", 0), row("a", 2)).runs()).hasSize(2);
    RunCutter.Cut cut = cut(cutter, row("a", 0), row("a", 2), row("a", 4));
    assertThat(cut.runs()).isEmpty();
    assertThat(cut.count()).isEqualTo(3);
    RunIndex index = RunIndex.of(List.of(cut, cut(cutter, row("b", 0))));
    assertThat(index.isListed()).isFalse();
    assertThat(index.runs()).isEmpty();
    assertThat(index.count()).isEqualTo(4);
    assertThat(index.tokens()).isEqualTo(4);
  }

  @Test
  void namesTheRowsWithoutPositionOrSequence() {
    GenericInternalRow noPosition =
        new GenericInternalRow(new Object[] {null, UTF8String.fromString("a")});
    refuses("the first row of partition 2 has a null position", cut(WORDS, noPosition));
    refuses(
        "the row after sequence \"a\" position 7 has a null position",
        cut(WORDS, row("a", 7), noPosition));
    refuses(
        "the row after sequence \"a\" position 7 has a null sequence",
        cut(WORDS, row("a", 7), row(null, 8)));
  }

  private static void refuses(String message, RunCutter.Cut cut) {
    assertThatThrownBy(() -> RunIndex.of(List.of(cut(WORDS, row("a", 1)), cut)))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_NULL"))
        .hasMessage(message);
  }

  private static RunCutter.Cut cut(RunCutter cutter, InternalRow... rows) {
    return cutter.cut(2, List.of(rows).iterator());
  }

  private static InternalRow row(String sequence, long position) {
    return new GenericInternalRow(
        new Object[] {position, sequence == null ? null : UTF8String.fromString(sequence)});
  }

  private static Run run(String sequence, long start, long length) {
    return new Run(2, SequenceKey.of(UTF8String.fromString(sequence)), start, length);
  }
}
