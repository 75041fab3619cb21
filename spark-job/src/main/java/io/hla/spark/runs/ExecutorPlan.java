package io.hla.spark.runs;

import io.hla.spark.InputException;
import io.hla.spark.shuffle.KeyCodec;
import io.hla.spark.shuffle.OrderedShuffle;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.SequenceKey;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Consumer;
import org.apache.spark.HashPartitioner;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.types.DataType;
import scala.Tuple2;

/**
 * The plan of any number of runs: shuffled by sequence and sorted, checked, and what the scan needs
 * of it sent home. The driver learns its figures alone.
 */
public final class ExecutorPlan implements RunPlan {
  private static final int RUNS_PER_TASK = 200_000;
  private static final int MOST_TASKS = 4096;

  private final JavaSparkContext context;
  private final RunIndex index;
  private final boolean withFinal;
  private final JavaRDD<Task> tasks;
  private final int parts;
  private final StreamFigures figures;
  private final JavaPairRDD<Home, byte[]> scanned;
  private final JavaPairRDD<Home, byte[]> initial;

  /** The runs and initial states of the sequences of one task, both in order. */
  private record Task(
      int part,
      int parts,
      DataType sequenceType,
      Iterator<LocatedRun> runs,
      Iterator<SequenceState> states) {
    RunOrder order(boolean withFinal, Consumer<SequenceState> untouched) {
      return new RunOrder(runs, states, untouched, sequenceType, withFinal, part, parts);
    }
  }

  /**
   * Shuffles and checks the runs.
   *
   * @param sequenceType type of the sequence column, or null
   * @param states packed initial states, or null for none
   * @throws InputException as {@link RunOrder} does; of several refusals always the same
   */
  public ExecutorPlan(
      JavaSparkContext context,
      RunIndex index,
      DataType sequenceType,
      JavaRDD<byte[]> states,
      int fanIn,
      boolean withFinal) {
    this.context = context;
    this.index = index;
    this.withFinal = withFinal;
    int stateParts = states == null ? 1 : states.getNumPartitions();
    parts =
        (int)
            Math.max(
                Math.min(stateParts, MOST_TASKS),
                Math.min(MOST_TASKS, 1 + index.count() / RUNS_PER_TASK));
    Partitioner bySequence = new BySequence(parts);
    JavaPairRDD<Place, byte[]> runs =
        OrderedShuffle.of(
            index.pieces(context).mapPartitionsToPair(ExecutorPlan::places, true),
            bySequence,
            Place.class,
            new Codec());
    JavaPairRDD<Place, byte[]> initials =
        states == null
            ? null
            : OrderedShuffle.of(
                states.mapToPair(packed -> new Tuple2<>(new Place(sequenceOf(packed), 0), packed)),
                bySequence,
                Place.class,
                new Codec());
    int number = parts;
    tasks =
        initials == null
            ? runs.mapPartitionsWithIndex(
                (part, it) ->
                    List.of(
                            new Task(
                                part,
                                number,
                                sequenceType,
                                located(it),
                                List.<SequenceState>of().iterator()))
                        .iterator(),
                true)
            : runs.mapPartitionsWithIndex(
                    (part, it) -> List.of(new Tuple2<>(part, it)).iterator(), true)
                .zipPartitions(
                    initials,
                    (one, it) -> {
                      Tuple2<Integer, Iterator<Tuple2<Place, byte[]>>> first = one.next();
                      return List.of(
                              new Task(
                                  first._1(),
                                  number,
                                  sequenceType,
                                  located(first._2()),
                                  unpacked(it)))
                          .iterator();
                    });
    figures = count(fanIn);
    scanned =
        figures.scanned() == 0
            ? DriverPlan.atHome(context, Collections.nCopies(index.partitions(), List.of()))
            : Home.bring(entries(), index.partitions());
    initial = figures.continued() == 0 ? null : Home.bring(initialStates(), index.partitions());
  }

  private StreamFigures count(int fanIn) {
    boolean finals = withFinal;
    List<byte[]> packed =
        tasks
            .map(
                task -> {
                  try {
                    return StreamFigures.of(
                            untouched -> task.order(finals, untouched), fanIn, finals)
                        .pack();
                  } catch (InputException refused) {
                    return StreamFigures.pack(refused);
                  }
                })
            .collect();
    StreamFigures all = StreamFigures.NONE;
    List<InputException> refusals = new ArrayList<>();
    for (byte[] part : packed) {
      if (StreamFigures.unpack(part) instanceof StreamFigures counted) {
        all = all.plus(counted);
      } else {
        refusals.add((InputException) StreamFigures.unpack(part));
      }
    }
    refusals.stream()
        .min(Comparator.comparing(InputException::getMessage))
        .ifPresent(
            refused -> {
              throw refused;
            });
    return all;
  }

  private JavaPairRDD<Home, byte[]> entries() {
    boolean finals = withFinal;
    return tasks.flatMapToPair(
        task -> {
          Iterator<OrderedRun> order = task.order(finals, state -> {});
          return new Filtered<>(
              new PlanEntry.Mapped<>(
                  order,
                  run ->
                      run.scanned()
                          ? new Tuple2<>(run.located().home(), PlanEntry.pack(run.planned(finals)))
                          : null));
        });
  }

  private JavaPairRDD<Home, byte[]> initialStates() {
    boolean finals = withFinal;
    return tasks.flatMapToPair(
        task ->
            new Filtered<>(
                new PlanEntry.Mapped<>(
                    task.order(finals, state -> {}), ExecutorPlan::initialState)));
  }

  private static Tuple2<Home, byte[]> initialState(OrderedRun run) {
    return run.continued() == null
        ? null
        : new Tuple2<>(run.located().home(), run.continued().state());
  }

  /** The elements that are not null. */
  private static final class Filtered<T> implements Iterator<T> {
    private final Iterator<T> source;
    private T next;

    Filtered(Iterator<T> source) {
      this.source = source;
    }

    @Override
    public boolean hasNext() {
      while (next == null && source.hasNext()) {
        next = source.next();
      }
      return next != null;
    }

    @Override
    public T next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      T found = next;
      next = null;
      return found;
    }
  }

  private static Iterator<Tuple2<Place, byte[]>> places(Iterator<byte[]> pieces) {
    return new PlanEntry.Mapped<>(
        new PlanEntry.Located(pieces),
        located ->
            new Tuple2<>(
                new Place(located.run().sequence(), located.run().start()),
                Packing.pack(
                    out -> {
                      out.writeLong(located.run().length());
                      out.writeInt(located.run().partition());
                      out.writeLong(located.ordinal());
                    })));
  }

  private static Iterator<LocatedRun> located(Iterator<Tuple2<Place, byte[]>> pairs) {
    return new PlanEntry.Mapped<>(
        pairs,
        pair ->
            Packing.unpack(
                pair._2(),
                in -> {
                  long length = in.readLong();
                  Run run =
                      new Run(in.readInt(), pair._1().sequence(), pair._1().position(), length);
                  return new LocatedRun(run, in.readLong());
                }));
  }

  private static Iterator<SequenceState> unpacked(Iterator<Tuple2<Place, byte[]>> pairs) {
    return new PlanEntry.Mapped<>(pairs, pair -> SequenceState.unpack(pair._2()));
  }

  private static SequenceKey sequenceOf(byte[] packedState) {
    return Packing.unpack(packedState, SequenceKey::read);
  }

  @Override
  public StreamFigures figures() {
    return figures;
  }

  @Override
  public int partitions() {
    return index.partitions();
  }

  @Override
  public JavaRDD<byte[]> pieces() {
    return index.pieces(context);
  }

  @Override
  public JavaPairRDD<Home, byte[]> scanned() {
    return scanned;
  }

  @Override
  public JavaPairRDD<Home, byte[]> initial() {
    return initial;
  }

  @Override
  public JavaRDD<byte[]> untouched() {
    boolean finals = withFinal;
    return tasks.flatMap(task -> new Untouched(task, finals));
  }

  /** Runs through the order of a task for the states that it passes over. */
  private static final class Untouched implements Iterator<byte[]> {
    private final ArrayDeque<byte[]> found = new ArrayDeque<>();
    private final RunOrder order;

    Untouched(Task task, boolean withFinal) {
      order = task.order(withFinal, state -> found.add(state.pack()));
    }

    @Override
    public boolean hasNext() {
      while (found.isEmpty() && order.hasNext()) {
        order.next();
      }
      return !found.isEmpty();
    }

    @Override
    public byte[] next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return found.poll();
    }
  }

  @Override
  public JavaRDD<Run> runs() {
    return tasks.flatMap(task -> new PlanEntry.Mapped<>(task.runs(), located -> located.run()));
  }

  @Override
  public List<Run> runsOf(SequenceKey sequence, long from, long to) {
    List<Run> found = new ArrayList<>();
    for (byte[] packed :
        runs()
            .filter(run -> run.sequence().equals(sequence))
            .mapPartitions(it -> ranks(it, from, to))
            .collect()) {
      PackedRuns.unpack(packed).forEachRemaining(located -> found.add(located.run()));
    }
    return found;
  }

  private static Iterator<byte[]> ranks(Iterator<Run> runs, long from, long to) {
    List<byte[]> found = new ArrayList<>();
    for (long rank = 0; rank < to && runs.hasNext(); rank++) {
      Run run = runs.next();
      if (rank >= from) {
        found.add(PackedRuns.pack(run.partition(), 0, List.of(run)));
      }
    }
    return found.iterator();
  }

  /** A position of a sequence. */
  private record Place(SequenceKey sequence, long position) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int order = sequence.compareTo(other.sequence);
      return order != 0 ? order : Long.compare(position, other.position);
    }
  }

  private record Codec() implements KeyCodec<Place> {
    @Override
    public void write(Place place, DataOutput out) throws IOException {
      place.sequence.write(out);
      out.writeLong(place.position);
    }

    @Override
    public Place read(DataInput in) throws IOException {
      return new Place(SequenceKey.read(in), in.readLong());
    }
  }

  private static final class BySequence extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final HashPartitioner hash;

    BySequence(int parts) {
      hash = new HashPartitioner(parts);
    }

    @Override
    public int numPartitions() {
      return hash.numPartitions();
    }

    @Override
    public int getPartition(Object key) {
      return hash.getPartition(((Place) key).sequence());
    }
  }
}
