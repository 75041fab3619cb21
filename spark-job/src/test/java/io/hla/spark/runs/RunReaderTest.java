package io.hla.spark.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.kernels.Element;
import io.hla.spark.GateScale;
import io.hla.spark.InputException;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunReaderTest {
  private static final List<Run> RUNS = List.of(run("a", 5, 3), run("b", 0, 2), run("a", 9, 1));

  @Test
  void knowsTheRunOfEveryRow() {
    RunReader reader = reader("a5 b0 a6 a7 a9 b1");
    List<String> read = new ArrayList<>();
    while (reader.next()) {
      read.add(reader.run().ordinal() + (reader.endsRun() ? "!" : "") + reader.row().getLong(0));
    }
    assertThat(read).containsExactly("05", "10", "06", "0!7", "2!9", "1!1");
  }

  /** Rows that were indexed as a5 b0 a6 a7 a9 b1, and what is wrong with them now. */
  @ParameterizedTest
  @CsvSource({
    "a5 b0 a7, position 6 of sequence \"a\", another row stands there",
    "a5 a6 b0 a7 a8, position 9 of sequence \"a\", another row stands there",
    "a5 c0, position 0 of sequence \"b\", another row stands there",
    "a5 null, position 0 of sequence \"b\", another row stands there",
    "a5 b, position 0 of sequence \"b\", another row stands there",
    "a5 b0 a6 a7 a9, position 1 of sequence \"b\", its rows end before it",
    "a5 b0 a6 a7 b1, position 9 of sequence \"a\", its rows end before it",
  })
  void refusesWhatWasNotIndexed(String rows, String place, String found) {
    RunReader reader = reader(rows);
    assertThatThrownBy(() -> readAll(reader))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_CHANGED"))
        .hasMessage(
            "the input changed while it was read: %s was indexed in partition 2, now %s",
            place, found);
  }

  @Test
  void refusesFurtherRows() {
    RunReader reader = reader("a5 b0 a6 a7 a9 b1 b2");
    assertThatThrownBy(() -> readAll(reader))
        .hasMessage("partition 2 has more rows than when it was indexed");
  }

  private static void readAll(RunReader reader) {
    while (reader.next()) {
      assertThat(reader.row()).isNotNull();
    }
  }

  private static RunReader reader(String rows) {
    TokenRow layout =
        new TokenRow(
            List.of("q", "k", "v"),
            List.of(false, false, false),
            GateScale.LINEAR,
            DataTypes.StringType,
            "seq",
            "pos",
            List.of(),
            Element.FLOAT);
    List<PlannedRun> planned = new ArrayList<>();
    RUNS.forEach(run -> planned.add(PlannedRun.alone(new LocatedRun(run, planned.size()))));
    return new RunReader(
        2,
        Arrays.stream(rows.split(" ")).map(RunReaderTest::row).iterator(),
        layout,
        planned.iterator());
  }

  /** A letter is a sequence, the digit behind it a position. */
  private static InternalRow row(String token) {
    boolean isNull = token.equals("null");
    return new GenericInternalRow(
        new Object[] {
          isNull || token.length() < 2 ? null : Long.valueOf(token.substring(1)),
          null,
          null,
          null,
          isNull ? null : UTF8String.fromString(token.substring(0, 1))
        });
  }

  private static Run run(String sequence, long start, long length) {
    return new Run(2, SequenceKey.of(UTF8String.fromString(sequence)), start, length);
  }
}
