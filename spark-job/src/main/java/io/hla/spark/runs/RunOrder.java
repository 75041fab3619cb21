package io.hla.spark.runs;

import io.hla.spark.InputException;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.SequenceKey;
import java.util.Iterator;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.apache.spark.sql.types.DataType;

/**
 * Runs in stream order, checked in passing: every sequence is covered exactly once, and goes on
 * where its initial state stands. Holds two runs and two states, however many there are.
 */
final class RunOrder implements Iterator<OrderedRun> {
  private final Iterator<LocatedRun> runs;
  private final Iterator<SequenceState> states;
  private final Consumer<SequenceState> untouched;
  private final DataType sequenceType;
  private final boolean withFinal;
  private final long stride;
  private LocatedRun next;
  private SequenceState nextState;
  private SequenceState continued;
  private boolean isContinued;
  private long sequence;
  private int rank;

  /**
   * @param runs by sequence and position
   * @param states initial ones, by sequence
   * @param untouched is given those whose sequence has no run
   * @param sequenceType type of the sequence column, or null; for messages
   * @param withFinal whether the states behind sequences are wanted
   * @param first number of the first sequence
   * @param stride between the numbers of sequences
   */
  RunOrder(
      Iterator<LocatedRun> runs,
      Iterator<SequenceState> states,
      Consumer<SequenceState> untouched,
      DataType sequenceType,
      boolean withFinal,
      long first,
      long stride) {
    this.runs = runs;
    this.states = states;
    this.untouched = untouched;
    this.sequenceType = sequenceType;
    this.withFinal = withFinal;
    this.stride = stride;
    sequence = first - stride;
    next = runs.hasNext() ? runs.next() : null;
    nextState = states.hasNext() ? states.next() : null;
    if (next != null) {
      beginSequence();
    } else {
      passStates(null);
    }
  }

  @Override
  public boolean hasNext() {
    return next != null;
  }

  /** Throws InputException HLA_INPUT_GAP, _DUPLICATE, _OVERLAP, HLA_STATE_POSITION, _DUPLICATE. */
  @Override
  public OrderedRun next() {
    if (next == null) {
      throw new NoSuchElementException();
    }
    LocatedRun run = next;
    next = runs.hasNext() ? runs.next() : null;
    boolean last = next == null || !next.run().sequence().equals(run.run().sequence());
    boolean scanned = withFinal || isContinued || rank > 0 || !last;
    OrderedRun ordered =
        new OrderedRun(run, sequence, rank, last, rank == 0 ? continued : null, scanned);
    if (!last) {
      checkNeighbours(run.run(), next.run());
      rank = Math.addExact(rank, 1);
    } else if (next != null) {
      beginSequence();
    } else {
      passStates(null);
    }
    return ordered;
  }

  private void beginSequence() {
    sequence += stride;
    rank = 0;
    passStates(next.run().sequence());
    continued = null;
    if (nextState != null && nextState.sequence().equals(next.run().sequence())) {
      continued = takeState();
      if (continued.nextPosition() != next.run().start()) {
        throw new InputException(
            "HLA_STATE_POSITION",
            String.format(
                Locale.ROOT,
                "%s starts at position %d, its initial state expects %d",
                next.run().sequence().text(sequenceType),
                next.run().start(),
                continued.nextPosition()));
      }
    }
    isContinued = continued != null;
  }

  /** Passes over the states of sequences in front of {@code key}, or all that are left. */
  private void passStates(SequenceKey key) {
    while (nextState != null && (key == null || nextState.sequence().compareTo(key) < 0)) {
      untouched.accept(takeState());
    }
  }

  private SequenceState takeState() {
    SequenceState taken = nextState;
    nextState = states.hasNext() ? states.next() : null;
    if (nextState != null && nextState.sequence().equals(taken.sequence())) {
      throw new InputException(
          "HLA_STATE_DUPLICATE",
          String.format(
              Locale.ROOT,
              "there are several initial states for %s",
              taken.sequence().text(sequenceType)));
    }
    return taken;
  }

  private void checkNeighbours(Run earlier, Run later) {
    long expected = earlier.end();
    if (later.start() == expected) {
      return;
    }
    String sequence = later.sequence().text(sequenceType);
    if (later.start() > expected) {
      throw new InputException(
          "HLA_INPUT_GAP",
          String.format(
              Locale.ROOT,
              "%s ends at position %d and goes on at %d (%d tokens missing)",
              sequence,
              expected - 1,
              later.start(),
              later.start() - expected));
    }
    if (later.start() < expected) {
      long last = Math.min(earlier.end(), later.end()) - 1;
      if (last == later.start()) {
        throw new InputException(
            "HLA_INPUT_DUPLICATE",
            String.format(
                Locale.ROOT, "%s has position %d more than once, expected once", sequence, last));
      }
      throw new InputException(
          "HLA_INPUT_OVERLAP",
          String.format(
              Locale.ROOT,
              "%s has positions %d to %d more than once, expected once",
              sequence,
              later.start(),
              last));
    }
  }
}
