package io.hla.spark.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;

class RunCutterTest {
  private static final int PARTITION = 2;

  @Test
  void cutsWhereSequenceOrPositionBreaks() {
    Cut cut = cut(row("a", 5), row("a", 6), row("a", 8), row("b", 9), row("b", 10), row("a", 7));
    assertThat(cut.runs())
        .containsExactly(run("a", 5, 2), run("a", 8, 1), run("b", 9, 2), run("a", 7, 1));
    assertThat(cut.cutter().tokens()).isEqualTo(6);
    assertThat(cut.cutter().count()).isEqualTo(4);
    assertThat(cut.cutter().isListed()).isTrue();
    assertThat(cut.cutter().problem()).isNull();
  }

  @Test
  void aRepeatedPositionStartsARun() {
    assertThat(cut(row("a", 1), row("a", 1), row("a", 2)).runs())
        .containsExactly(run("a", 1, 1), run("a", 1, 2));
  }

  @Test
  void cutsPositionsFromBelowZeroOn() {
    List<InternalRow> rows = new ArrayList<>();
    for (long position = -9; position < 9; position++) {
      rows.add(row("a", position));
    }
    assertThat(cut(4, 2, rows.toArray(InternalRow[]::new)).runs())
        .containsExactly(
            run("a", -9, 1),
            run("a", -8, 4),
            run("a", -4, 4),
            run("a", 0, 4),
            run("a", 4, 4),
            run("a", 8, 1));
  }

  @Test
  void runsOfSeveralSequencesAreInterleaved() {
    InternalRow[] rows = {
      row("a", 5), row("b", 0), row("a", 6), row("b", 1), row("b", 2), row("a", 7), row("b", 9)
    };
    assertThat(cut(rows).runs()).containsExactly(run("a", 5, 3), run("b", 0, 3), run("b", 9, 1));
    assertThat(cut(0, 1, rows).runs())
        .containsExactly(
            run("a", 5, 1),
            run("b", 0, 1),
            run("a", 6, 1),
            run("b", 1, 2),
            run("a", 7, 1),
            run("b", 9, 1));
  }

  @Test
  void theRunThatIsIdleForLongestEndsWhenTooManyAreOpen() {
    assertThat(
            cut(row("a", 0), row("b", 0), row("a", 1), row("c", 0), row("b", 1), row("c", 1))
                .runs())
        .containsExactly(run("a", 0, 2), run("b", 0, 1), run("c", 0, 2), run("b", 1, 1));
  }

  @Test
  void interleavedRunsEndAtMultiplesOfTheChunk() {
    assertThat(cut(4, 2, row("a", 3), row("b", 4), row("a", 4), row("b", 5), row("a", 5)).runs())
        .containsExactly(run("a", 3, 1), run("b", 4, 2), run("a", 4, 2));
  }

  @Test
  void aTableWithoutSequencesIsOne() {
    assertThat(cutPositions(row(null, 3), row(null, 4)).runs())
        .containsExactly(new Run(PARTITION, SequenceKey.ONLY, 3, 2));
    assertThat(cutPositions().runs()).isEmpty();
  }

  /** What a task may hold open follows from head sizes, which a table of one run has no use for. */
  @Test
  void asksHowManyRunsMayBeOpenWhenThereAreTwo() {
    RunCutter one = neverAsking(row("a", 5), row("a", 6), row("a", 9));
    assertThat(Cut.of(one).runs()).containsExactly(run("a", 5, 2), run("a", 9, 1));
    RunCutter two = neverAsking(row("a", 5), row("b", 6));
    assertThatThrownBy(two::hasNext).hasMessage("asked");
  }

  private static RunCutter neverAsking(InternalRow... rows) {
    return new RunCutter(
        PARTITION,
        List.of(rows).iterator(),
        DataTypes.StringType,
        0,
        () -> {
          throw new IllegalStateException("asked");
        },
        new ScatterGauge(1));
  }

  @Test
  void keysOutliveTheRowTheyCameFrom() {
    byte[] memory = "a".getBytes(java.nio.charset.StandardCharsets.UTF_8);
    InternalRow row = new GenericInternalRow(new Object[] {1L, UTF8String.fromBytes(memory)});
    List<Run> runs = cut(row).runs();
    memory[0] = 'z';
    assertThat(runs).containsExactly(run("a", 1, 1));
  }

  /** Everything that a row holds is gone when the next one is read. */
  @Test
  void keysOutliveRowsThatAreUsedAgain() {
    byte[] memory = {'a'};
    GenericInternalRow row = new GenericInternalRow(new Object[2]);
    IntFunction<InternalRow> read =
        i -> {
          memory[0] = (byte) ('a' + i % 3);
          row.update(0, (long) i);
          row.update(1, UTF8String.fromBytes(memory));
          return row;
        };
    Iterator<InternalRow> rows = IntStream.range(0, 6).mapToObj(read).iterator();
    assertThat(Cut.of(cutter(rows, DataTypes.StringType, 0, 3, new ScatterGauge(1))).runs())
        .containsExactly(
            run("a", 0, 1),
            run("b", 1, 1),
            run("c", 2, 1),
            run("a", 3, 1),
            run("b", 4, 1),
            run("c", 5, 1));
  }

  @Test
  void givesManyRunsInPieces() {
    int count = 5 * RunCutter.PIECE + 3;
    Iterator<InternalRow> rows =
        IntStream.range(0, count).mapToObj(i -> row("a", 2L * i)).iterator();
    RunCutter cutter =
        cutter(rows, DataTypes.StringType, 0, 2, new ScatterGauge(Double.POSITIVE_INFINITY));
    assertThat(cutter.hasNext()).isTrue();
    assertThat(cutter.tokens()).as("rows that the first piece needs").isLessThan(count / 2);
    Cut cut = Cut.of(cutter);
    assertThat(cut.runs())
        .isEqualTo(IntStream.range(0, count).mapToObj(i -> run("a", 2L * i, 1)).toList());
    assertThat(cut.sizes()).hasSize(6).endsWith(3);
    assertThat(cut.sizes().subList(0, 5)).containsOnly(RunCutter.PIECE);
    assertThatThrownBy(cutter::next).isInstanceOf(NoSuchElementException.class);
    assertThat(cutter.count()).isEqualTo(count);
    assertThat(cutter.tokens()).isEqualTo(count);
  }

  /** A run that goes on until the end is the first of all, and no piece may come before it. */
  @Test
  void piecesKeepTheOrderOfFirstRowsWhateverIsOpen() {
    int count = 2 * RunCutter.PIECE + 7;
    List<InternalRow> rows = new ArrayList<>();
    List<Run> expected = new ArrayList<>(List.of(run("long", 100, count)));
    for (int i = 0; i < count; i++) {
      rows.add(row("long", 100 + i));
      rows.add(row("other", 2L * i));
      expected.add(run("other", 2L * i, 1));
    }
    for (int i = 0; i < count; i++) {
      rows.add(row("other", -2L * i - 2));
      expected.add(run("other", -2L * i - 2, 1));
    }
    Cut cut = cut(0, 2, rows.toArray(InternalRow[]::new));
    assertThat(cut.runs()).isEqualTo(expected);
    assertThat(cut.sizes()).allMatch(size -> size <= RunCutter.PIECE).hasSize(5);
    assertThat(cut.cutter().tokens()).isEqualTo(3L * count);
  }

  /** No two neighbours of a sequence: sorting them costs less than to list and scan them. */
  @Test
  void givesUpListingScatteredTokens() {
    int tokens = 200_000;
    RunCutter cutter = cutter(scattered(tokens, 1000), DataTypes.LongType, 0, 8, gauge(0.5));
    Cut cut = Cut.of(cutter);
    assertThat(cutter.isListed()).isFalse();
    assertThat(cut.runs()).as("given before it gave up").hasSizeLessThan(1 << 16);
    assertThat(cutter.count()).isEqualTo(tokens);
    assertThat(cutter.tokens()).isEqualTo(tokens);
    assertThat(cutter.problem()).isNull();
  }

  @Test
  void listsScatteredTokensWhereSortingCostsMore() {
    int tokens = 200_000;
    for (double most : new double[] {1, Double.POSITIVE_INFINITY}) {
      RunCutter cutter = cutter(scattered(tokens, 1000), DataTypes.LongType, 0, 8, gauge(most));
      assertThat(Cut.of(cutter).runs()).hasSize(tokens);
      assertThat(cutter.isListed()).isTrue();
    }
  }

  /** A sequence has to have one run; many of these are no reason to sort. */
  @Test
  void doesNotGiveUpOnManySequencesOfOneToken() {
    int tokens = 300_000;
    Iterator<InternalRow> numbers =
        IntStream.range(0, tokens)
            .<InternalRow>mapToObj(i -> new GenericInternalRow(new Object[] {0L, (long) i}))
            .iterator();
    Iterator<InternalRow> words =
        IntStream.range(0, tokens).mapToObj(i -> row("sequence " + i, 7)).iterator();
    for (RunCutter cutter :
        List.of(
            cutter(numbers, DataTypes.LongType, 0, 100, gauge(0)),
            cutter(words, DataTypes.StringType, 0, 100, gauge(0)))) {
      assertThat(Cut.of(cutter).runs()).hasSize(tokens).allMatch(run -> run.length() == 1);
      assertThat(cutter.isListed()).isTrue();
      assertThat(cutter.count()).isEqualTo(tokens);
    }
  }

  private static ScatterGauge gauge(double mostSplitsPerToken) {
    return new ScatterGauge(mostSplitsPerToken);
  }

  private static Iterator<InternalRow> scattered(int tokens, int sequences) {
    return IntStream.range(0, tokens)
        .<InternalRow>mapToObj(
            i -> new GenericInternalRow(new Object[] {2L * i, (long) (i % sequences)}))
        .iterator();
  }

  @Test
  void namesTheRowsWithoutPositionOrSequence() {
    GenericInternalRow noPosition =
        new GenericInternalRow(new Object[] {null, UTF8String.fromString("a")});
    refuses("the first row of partition 2 has a null position", noPosition);
    refuses("the row after sequence \"a\" position 7 has a null position", row("a", 7), noPosition);
    refuses(
        "the row after sequence \"a\" position 7 has a null sequence", row("a", 7), row(null, 8));
  }

  private static void refuses(String message, InternalRow... rows) {
    Cut cut = cut(rows);
    assertThat(cut.cutter().problem()).isEqualTo(message);
    assertThat(cut.runs()).isEmpty();
  }

  /** All that came of a partition. */
  private record Cut(RunCutter cutter, List<Run> runs, List<Integer> sizes) {
    static Cut of(RunCutter cutter) {
      List<Run> runs = new ArrayList<>();
      List<Integer> sizes = new ArrayList<>();
      while (cutter.hasNext()) {
        byte[] piece = cutter.next();
        sizes.add(PackedRuns.count(piece));
        Iterator<LocatedRun> located = PackedRuns.unpack(piece);
        while (located.hasNext()) {
          LocatedRun run = located.next();
          assertThat(run.ordinal()).isEqualTo(runs.size());
          runs.add(run.run());
        }
      }
      return new Cut(cutter, runs, sizes);
    }
  }

  private static Cut cut(InternalRow... rows) {
    return cut(0, 2, rows);
  }

  private static Cut cut(long chunk, int mostOpen, InternalRow... rows) {
    ScatterGauge gauge = new ScatterGauge(Double.POSITIVE_INFINITY);
    return Cut.of(cutter(List.of(rows).iterator(), DataTypes.StringType, chunk, mostOpen, gauge));
  }

  private static Cut cutPositions(InternalRow... rows) {
    return Cut.of(cutter(List.of(rows).iterator(), null, 0, 1, new ScatterGauge(1)));
  }

  private static RunCutter cutter(
      Iterator<InternalRow> rows,
      DataType sequenceType,
      long chunk,
      int mostOpen,
      ScatterGauge gauge) {
    return new RunCutter(PARTITION, rows, sequenceType, chunk, () -> mostOpen, gauge);
  }

  private static InternalRow row(String sequence, long position) {
    return new GenericInternalRow(
        new Object[] {position, sequence == null ? null : UTF8String.fromString(sequence)});
  }

  private static Run run(String sequence, long start, long length) {
    return new Run(PARTITION, SequenceKey.of(UTF8String.fromString(sequence)), start, length);
  }
}
