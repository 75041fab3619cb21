package io.hla.spark.runs;

import io.hla.spark.InputException;
import io.hla.spark.shuffle.Packing;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.function.Function;
import scala.Tuple2;

/**
 * What a run at home learns of its place in the stream, as bytes, and how the two come together.
 */
final class PlanEntry {
  private static final int LAST = 1;
  private static final int SUMMARIZED = 2;
  private static final int CONTINUED = 4;

  private PlanEntry() {}

  static byte[] pack(PlannedRun run) {
    return Packing.pack(
        out -> {
          out.writeByte(
              (run.last() ? LAST : 0)
                  | (run.summarized() ? SUMMARIZED : 0)
                  | (run.continued() ? CONTINUED : 0));
          out.writeLong(run.sequence());
          out.writeInt(run.rank());
          out.writeLong(run.run().start());
          out.writeLong(run.run().length());
        });
  }

  private static PlannedRun planned(LocatedRun located, byte[] packed) {
    return Packing.unpack(
        packed,
        in -> {
          int flags = in.readByte();
          long sequence = in.readLong();
          int rank = in.readInt();
          if (in.readLong() != located.run().start() || in.readLong() != located.run().length()) {
            // The runs were lost with an executor and cut once more, from other rows.
            throw new InputException(
                "HLA_INPUT_CHANGED",
                String.format(
                    Locale.ROOT,
                    "the input changed while it was read: run %d of partition %d is another one",
                    located.ordinal(),
                    located.run().partition()));
          }
          return new PlannedRun(
              located.ordinal(),
              located.run(),
              sequence,
              rank,
              (flags & LAST) != 0,
              (flags & SUMMARIZED) != 0,
              (flags & CONTINUED) != 0,
              null);
        });
  }

  /** The runs of a partition and the entries of some of them, both by ordinal. */
  static Iterator<PlannedRun> join(
      Iterator<byte[]> pieces, Iterator<Tuple2<Home, byte[]>> entries) {
    Cursor cursor = new Cursor(entries);
    return new Mapped<>(
        new Located(pieces),
        located -> {
          byte[] entry = cursor.of(located.ordinal());
          return entry == null ? PlannedRun.alone(located) : planned(located, entry);
        });
  }

  /** Puts their states in front of all runs that have one there. */
  static Iterator<PlannedRun> withStates(
      Iterator<PlannedRun> runs, Iterator<Tuple2<Home, byte[]>> states) {
    return new Mapped<>(runs, new WithState(new Cursor(states), false));
  }

  /** Puts their states in front of the first runs of sequences that go on from one. */
  static Iterator<PlannedRun> withInitial(
      Iterator<PlannedRun> runs, Iterator<Tuple2<Home, byte[]>> states) {
    return new Mapped<>(runs, new WithState(new Cursor(states), true));
  }

  private record WithState(Cursor states, boolean initial)
      implements Function<PlannedRun, PlannedRun> {
    @Override
    public PlannedRun apply(PlannedRun run) {
      byte[] state = states.of(run.ordinal());
      if (run.isStart() || (initial && !run.continued())) {
        return run;
      }
      if (state == null) {
        throw new IllegalStateException("no state came for " + run);
      }
      return run.with(state);
    }
  }

  /** Hands out values by ordinal, asked for in order. */
  private static final class Cursor {
    private final Iterator<Tuple2<Home, byte[]>> values;
    private Tuple2<Home, byte[]> next;

    Cursor(Iterator<Tuple2<Home, byte[]>> values) {
      this.values = values;
      next = values.hasNext() ? values.next() : null;
    }

    byte[] of(long ordinal) {
      if (next == null || next._1().ordinal() != ordinal) {
        return null;
      }
      byte[] value = next._2();
      next = values.hasNext() ? values.next() : null;
      return value;
    }
  }

  /** The runs of several pieces. */
  static final class Located implements Iterator<LocatedRun> {
    private final Iterator<byte[]> pieces;
    private Iterator<LocatedRun> runs = List.<LocatedRun>of().iterator();

    Located(Iterator<byte[]> pieces) {
      this.pieces = pieces;
    }

    @Override
    public boolean hasNext() {
      while (!runs.hasNext() && pieces.hasNext()) {
        runs = PackedRuns.unpack(pieces.next());
      }
      return runs.hasNext();
    }

    @Override
    public LocatedRun next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return runs.next();
    }
  }

  /** Each element by a function. */
  record Mapped<A, B>(Iterator<A> source, Function<A, B> function) implements Iterator<B> {
    @Override
    public boolean hasNext() {
      return source.hasNext();
    }

    @Override
    public B next() {
      return function.apply(source.next());
    }
  }
}
