package io.hla.spark.validate;

import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import io.hla.spark.scan.RunTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * Positions whose outputs are compared: the first tokens of some sequences, the tokens around run
 * boundaries, and random ones.
 */
record OutputSample(Map<SequenceKey, Set<Long>> positions) implements Serializable {
  private static final int SEQUENCES = 4;
  private static final int FIRST = 48;
  private static final int BOUNDARIES = 24;
  private static final int RANDOM = 160;

  /** One sampled output. */
  record Output(SequenceKey sequence, long position, double[] values) implements Serializable {}

  /** {@code limit}: positions that far behind the start of a sequence are left out. */
  static OutputSample of(RunTable runs, long limit, long seed) {
    Random random = new Random(seed);
    Map<SequenceKey, Set<Long>> positions = new HashMap<>();
    List<SequenceKey> sequences = new ArrayList<>(runs.bySequence().keySet());
    int taken = Math.min(SEQUENCES, sequences.size());
    for (int s = 0; s < taken; s++) {
      SequenceKey sequence = sequences.get((int) ((long) s * sequences.size() / taken));
      List<Run> ordered = runs.bySequence().get(sequence);
      long start = ordered.get(0).start();
      long end = Math.min(ordered.get(ordered.size() - 1).end(), start + limit);
      Set<Long> chosen = new HashSet<>();
      for (long t = start; t < Math.min(end, start + FIRST); t++) {
        chosen.add(t);
      }
      int boundaries = Math.min(BOUNDARIES, ordered.size());
      for (int i = 0; i < boundaries; i++) {
        long boundary = ordered.get((int) ((long) i * ordered.size() / boundaries)).start();
        for (long t = boundary - 1; t <= boundary + 1; t++) {
          chosen.add(t);
        }
      }
      for (int i = 0; i < RANDOM; i++) {
        chosen.add(start + (long) (random.nextDouble() * (end - start)));
      }
      chosen.add(end - 1);
      chosen.removeIf(t -> t < start || t >= end);
      positions.put(sequence, chosen);
    }
    return new OutputSample(positions);
  }

  int size() {
    return positions.values().stream().mapToInt(Set::size).sum();
  }

  /** Runs the job behind {@code outputs}, (seq, pos, o) or (pos, o), and keeps the sample. */
  TreeMap<Place, double[]> collect(Dataset<Row> outputs) {
    boolean named = outputs.columns().length == 3;
    DataType type = named ? outputs.schema().fields()[0].dataType() : null;
    boolean isDouble = outputs.schema().json().contains("\"elementType\":\"double\"");
    int at = named ? 1 : 0;
    OutputSample sample = this;
    TreeMap<Place, double[]> collected = new TreeMap<>();
    ((org.apache.spark.sql.classic.Dataset<Row>) outputs)
        .queryExecution()
        .toRdd()
        .toJavaRDD()
        .mapPartitions(
            rows -> {
              List<Output> kept = new ArrayList<>();
              while (rows.hasNext()) {
                InternalRow row = rows.next();
                SequenceKey key = named ? SequenceKey.of(row.get(0, type)) : SequenceKey.ONLY;
                Set<Long> wanted = sample.positions.get(key);
                if (wanted != null && wanted.contains(row.getLong(at))) {
                  kept.add(
                      new Output(key, row.getLong(at), values(row.getArray(at + 1), isDouble)));
                }
              }
              return kept.iterator();
            })
        .collect()
        .forEach(o -> collected.put(new Place(o.sequence(), o.position()), o.values()));
    return collected;
  }

  private static double[] values(
      org.apache.spark.sql.catalyst.util.ArrayData array, boolean isDouble) {
    double[] values = new double[array.numElements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = isDouble ? array.getDouble(i) : array.getFloat(i);
    }
    return values;
  }

  /** A token of a sequence. */
  record Place(SequenceKey sequence, long position) implements Comparable<Place> {
    @Override
    public int compareTo(Place other) {
      int bySequence = sequence.compareTo(other.sequence);
      return bySequence != 0 ? bySequence : Long.compare(position, other.position);
    }
  }
}
