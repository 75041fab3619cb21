package io.hla.spark.runs;

import io.hla.spark.shuffle.BroadcastParts;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.types.DataType;
import scala.Tuple2;

/** The plan of few runs and no initial states, made on the driver. */
public final class DriverPlan implements RunPlan {
  private final JavaSparkContext context;
  private final RunIndex index;
  private final List<LocatedRun> ordered = new ArrayList<>();
  private final DataType sequenceType;
  private final boolean withFinal;
  private final StreamFigures figures;

  /**
   * @param index one that is on the driver
   * @param sequenceType type of the sequence column, or null
   * @throws io.hla.spark.InputException HLA_INPUT_GAP, HLA_INPUT_DUPLICATE or HLA_INPUT_OVERLAP
   */
  public DriverPlan(
      JavaSparkContext context,
      RunIndex index,
      DataType sequenceType,
      int fanIn,
      boolean withFinal) {
    this.context = context;
    this.index = index;
    this.sequenceType = sequenceType;
    this.withFinal = withFinal;
    index.runs().forEachRemaining(ordered::add);
    ordered.sort(null);
    figures = StreamFigures.of(untouched -> order(), fanIn, withFinal);
  }

  private Iterator<OrderedRun> order() {
    return new RunOrder(
        ordered.iterator(),
        List.<SequenceState>of().iterator(),
        state -> {},
        sequenceType,
        withFinal,
        0,
        1);
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
    List<List<PlannedRun>> parts = new ArrayList<>();
    for (int p = 0; p < partitions(); p++) {
      parts.add(new ArrayList<>());
    }
    order()
        .forEachRemaining(
            run -> {
              if (run.scanned()) {
                parts.get(run.located().run().partition()).add(run.planned(withFinal));
              }
            });
    List<List<Tuple2<Home, byte[]>>> values = new ArrayList<>();
    for (List<PlannedRun> part : parts) {
      part.sort(Comparator.comparingLong(PlannedRun::ordinal));
      values.add(part.stream().map(run -> new Tuple2<>(run.home(), PlanEntry.pack(run))).toList());
    }
    return atHome(context, values);
  }

  @Override
  public JavaPairRDD<Home, byte[]> initial() {
    return null;
  }

  /** Values at the homes of runs, given by partition and in order, by broadcast. */
  public static JavaPairRDD<Home, byte[]> atHome(
      JavaSparkContext context, List<List<Tuple2<Home, byte[]>>> values) {
    List<List<byte[]>> packed = new ArrayList<>();
    for (List<Tuple2<Home, byte[]>> part : values) {
      packed.add(
          part.stream()
              .map(
                  value ->
                      Packing.pack(
                          out -> {
                            out.writeInt(value._1().partition());
                            out.writeLong(value._1().ordinal());
                            Packing.writeBytes(out, value._2());
                          }))
              .toList());
    }
    return BroadcastParts.of(context, packed)
        .mapToPair(
            bytes ->
                Packing.unpack(
                    bytes,
                    in ->
                        new Tuple2<>(
                            new Home(in.readInt(), in.readLong()), Packing.readBytes(in))));
  }

  @Override
  public JavaRDD<byte[]> untouched() {
    return context.emptyRDD();
  }

  @Override
  public JavaRDD<Run> runs() {
    // Packed on their way: a context's serializer need not know runs.
    List<byte[]> packed =
        ordered.stream()
            .map(LocatedRun::run)
            .map(run -> PackedRuns.pack(run.partition(), 0, List.of(run)))
            .toList();
    return BroadcastParts.of(context, List.of(packed))
        .map(bytes -> PackedRuns.unpack(bytes).next().run());
  }

  @Override
  public List<Run> runsOf(SequenceKey sequence, long from, long to) {
    return ordered.stream()
        .map(LocatedRun::run)
        .filter(run -> run.sequence().equals(sequence))
        .skip(from)
        .limit(to - from)
        .toList();
  }
}
