package io.hla.spark.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;

class RunOrderTest {
  private static final SequenceKey A = SequenceKey.of(UTF8String.fromString("a"));
  private static final SequenceKey B = SequenceKey.of(UTF8String.fromString("b"));
  private static final SequenceKey C = SequenceKey.of(UTF8String.fromString("c"));
  private static final SequenceKey D = SequenceKey.of(UTF8String.fromString("d"));
  private static final List<SequenceState> NO_STATES = List.of();

  private final List<SequenceState> untouched = new ArrayList<>();

  @Test
  void ordersRunsBySequenceAndPosition() {
    Run b = run(B, 0, 4);
    Run first = run(A, -7, 3);
    Run second = run(A, -4, 10);
    Run third = run(A, 6, 1);
    List<OrderedRun> ordered = ordered(false, NO_STATES, third, b, first, second);
    assertThat(ordered)
        .extracting(run -> run.located().run())
        .containsExactly(first, second, third, b);
    assertThat(ordered).extracting(OrderedRun::sequence).containsExactly(0L, 0L, 0L, 1L);
    assertThat(ordered).extracting(OrderedRun::rank).containsExactly(0, 1, 2, 0);
    assertThat(ordered).extracting(OrderedRun::last).containsExactly(false, false, true, true);
    StreamFigures figures = StreamFigures.of(none -> ordered.iterator(), 16, false);
    assertThat(figures.sequences()).isEqualTo(2);
    assertThat(figures.runs()).isEqualTo(4);
    assertThat(figures.tokens()).isEqualTo(18);
    assertThat(figures.longest()).isEqualTo(3);
    assertThat(figures.longestSequence()).isEqualTo(A);
    assertThat(figures.first()).isEqualTo(first);
  }

  @Test
  void keepsWhereRunsLie() {
    List<LocatedRun> runs =
        List.of(
            new LocatedRun(new Run(7, A, 0, 3), 41),
            new LocatedRun(new Run(2, A, 3, 3), 1L << 40),
            new LocatedRun(new Run(7, B, 0, 3), 42));
    List<OrderedRun> ordered = new ArrayList<>();
    order(runs, NO_STATES, true).forEachRemaining(ordered::add);
    assertThat(ordered).extracting(OrderedRun::located).isEqualTo(runs);
    assertThat(ordered)
        .extracting(run -> run.located().home())
        .containsExactly(new Home(7, 41), new Home(2, 1L << 40), new Home(7, 42));
  }

  @Test
  void holdsNoRun() {
    RunOrder order = order(List.of(), NO_STATES, true);
    assertThat(order.hasNext()).isFalse();
    assertThatThrownBy(order::next).isInstanceOf(NoSuchElementException.class);
    StreamFigures figures = StreamFigures.of(none -> order(List.of(), NO_STATES, true), 16, true);
    assertThat(figures.tokens()).isZero();
    assertThat(figures.longestSequence()).isNull();
  }

  /** Tasks number their sequences apart from each other. */
  @Test
  void numbersSequencesInStrides() {
    List<LocatedRun> runs = located(run(A, 0, 1), run(B, 5, 1), run(B, 6, 1), run(C, 0, 1));
    List<Long> numbers = new ArrayList<>();
    new RunOrder(
            runs.iterator(),
            NO_STATES.iterator(),
            untouched::add,
            DataTypes.StringType,
            false,
            3,
            10)
        .forEachRemaining(run -> numbers.add(run.sequence()));
    assertThat(numbers).containsExactly(3L, 13L, 13L, 23L);
  }

  @Test
  void aRunAloneTakesNoPartUnlessItsStateIsWanted() {
    Run[] runs = {run(A, 0, 4), run(B, 0, 4), run(B, 4, 4), run(C, 9, 1), run(D, 0, 1)};
    SequenceState c = state(C, 9);
    assertThat(ordered(false, List.of(c), runs))
        .extracting(OrderedRun::scanned)
        .containsExactly(false, true, true, true, false);
    assertThat(ordered(true, List.of(c), runs))
        .extracting(OrderedRun::scanned)
        .containsOnly(true)
        .hasSize(5);
    StreamFigures figures =
        StreamFigures.of(none -> order(located(runs), List.of(c), false), 16, false);
    assertThat(figures.scanned()).isEqualTo(3);
    assertThat(figures.summarized()).as("what stands in front of another run").isEqualTo(1);
    assertThat(figures.continued()).isEqualTo(1);
    assertThat(figures.firstNew()).isEqualTo(A);
    StreamFigures withFinal =
        StreamFigures.of(none -> order(located(runs), List.of(c), true), 16, true);
    assertThat(withFinal.scanned()).isEqualTo(5);
    assertThat(withFinal.summarized()).isEqualTo(5);
  }

  @Test
  void firstRunsGoOnFromTheStateOfTheirSequence() {
    SequenceState a = state(A, -7);
    SequenceState c = state(C, 3);
    List<OrderedRun> ordered =
        ordered(false, List.of(a, c), run(A, -7, 3), run(A, -4, 1), run(B, 0, 2), run(C, 3, 1));
    assertThat(ordered).extracting(OrderedRun::continued).containsExactly(a, null, null, c);
    assertThat(ordered)
        .extracting(OrderedRun::scanned)
        .as("the state of the first run of A goes on to the second")
        .containsExactly(true, true, false, true);
    assertThat(ordered.get(0).planned(false).continued()).isTrue();
    assertThat(ordered.get(1).planned(false).continued()).isFalse();
    assertThat(untouched).isEmpty();
  }

  @Test
  void givesTheStatesOfOtherSequences() {
    SequenceState a = state(A, 0);
    SequenceState b = state(B, 5);
    SequenceState c = state(C, 7);
    SequenceState d = state(D, 9);
    assertThat(ordered(true, List.of(a, b, c, d), run(B, 5, 1), run(B, 6, 1))).hasSize(2);
    assertThat(untouched).containsExactly(a, c, d);
    untouched.clear();
    assertThat(ordered(true, List.of(a, b), run(C, 7, 1))).hasSize(1);
    assertThat(untouched).containsExactly(a, b);
    untouched.clear();
    assertThat(ordered(true, List.of(a, b, d))).isEmpty();
    assertThat(untouched).containsExactly(a, b, d);
  }

  @Test
  void refusesAStateThatStandsElsewhere() {
    String message = "sequence \"b\" starts at position 5, its initial state expects %d";
    refuses(
        "HLA_STATE_POSITION",
        String.format(message, 4),
        List.of(state(B, 4)),
        run(A, 0, 1),
        run(B, 5, 2));
    refuses("HLA_STATE_POSITION", String.format(message, 6), List.of(state(B, 6)), run(B, 5, 2));
    // It stands in front of another run than the first.
    refuses(
        "HLA_STATE_POSITION",
        String.format(message, 7),
        List.of(state(B, 7)),
        run(B, 5, 2),
        run(B, 7, 2));
    refuses(
        "HLA_STATE_POSITION",
        "the sequence starts at position 5, its initial state expects -1",
        List.of(state(SequenceKey.ONLY, -1)),
        run(SequenceKey.ONLY, 5, 2));
  }

  @Test
  void refusesSeveralStatesOfASequence() {
    String message = "there are several initial states for sequence \"b\"";
    List<SequenceState> twice = List.of(state(A, 0), state(B, 5), state(B, 5));
    refuses("HLA_STATE_DUPLICATE", message, twice, run(B, 5, 1));
    refuses("HLA_STATE_DUPLICATE", message, twice, run(A, 0, 1));
    refuses("HLA_STATE_DUPLICATE", message, twice, run(C, 5, 1));
    refuses("HLA_STATE_DUPLICATE", message, twice);
    refuses("HLA_STATE_DUPLICATE", message, List.of(state(B, 1), state(B, 5)), run(B, 5, 1));
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

  /** A message does not depend on where the runs lie. */
  @Test
  void saysTheSameInWhateverOrderRunsArrive() {
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      runs.add(run(i < 10 ? B : C, 10 * (i % 10), i == 3 || i == 13 ? 9 : i == 5 ? 12 : 10));
    }
    for (int seed = 0; seed < 20; seed++) {
      Collections.shuffle(runs, new Random(seed));
      refuses(
          "HLA_INPUT_GAP",
          "sequence \"b\" ends at position 38 and goes on at 40 (1 tokens missing)",
          runs.toArray(Run[]::new));
    }
  }

  private void refuses(String condition, String message, Run... runs) {
    refuses(condition, message, NO_STATES, runs);
  }

  private void refuses(String condition, String message, List<SequenceState> states, Run... runs) {
    assertThatThrownBy(() -> ordered(false, states, runs))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo(condition))
        .hasMessage(message);
  }

  private List<OrderedRun> ordered(boolean withFinal, List<SequenceState> states, Run... runs) {
    List<OrderedRun> ordered = new ArrayList<>();
    order(located(runs), states, withFinal).forEachRemaining(ordered::add);
    return ordered;
  }

  /** Runs as they arrive, sorted. */
  private static List<LocatedRun> located(Run... runs) {
    List<LocatedRun> located = new ArrayList<>();
    for (Run run : runs) {
      located.add(new LocatedRun(run, located.size()));
    }
    located.sort(Comparator.naturalOrder());
    return located;
  }

  private RunOrder order(List<LocatedRun> runs, List<SequenceState> states, boolean withFinal) {
    Iterator<SequenceState> initial = states.iterator();
    return new RunOrder(
        runs.iterator(), initial, untouched::add, DataTypes.StringType, withFinal, 0, 1);
  }

  private static SequenceState state(SequenceKey sequence, long next) {
    return new SequenceState(sequence, next, new byte[] {1, 2, 3});
  }

  private static Run run(SequenceKey sequence, long start, long length) {
    return new Run(0, sequence, start, length);
  }
}
