package io.hla.spark.validate;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.xxhash64;

import io.hla.spark.Attention;
import io.hla.spark.runs.RunRows;
import io.hla.spark.table.Columns;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenColumns;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;

/**
 * Positions whose outputs are compared: the first tokens of some sequences, the tokens around run
 * boundaries, and random ones. A function of the runs and the seed; the driver sees no more runs
 * than it chooses.
 *
 * @param sequenceType type of the sequence column, or null when there is none
 * @param positions of every chosen sequence, its first one among them
 */
record OutputSample(DataType sequenceType, TreeMap<SequenceKey, TreeSet<Long>> positions) {
  private static final int SEQUENCES = 4;
  private static final int FIRST = 48;
  private static final int BOUNDARIES = 24;
  private static final int RANDOM = 160;

  /** {@code limit}: positions that far behind the first of the table are left out. */
  static OutputSample of(SparkSession spark, Attention.Result job, long limit, long seed) {
    Dataset<Row> runs = RunRows.of(spark, job.sequenceType(), job.runList());
    long first = runs.agg(min(RunRows.FIRST)).head().getLong(0);
    return of(runs, job.sequenceType(), first + limit, seed);
  }

  /**
   * @param runs as {@link RunRows} has them
   * @param behind positions from this on are left out
   */
  static OutputSample of(Dataset<Row> runs, DataType sequenceType, long behind, long seed) {
    OutputSample sample = new OutputSample(sequenceType, new TreeMap<>());
    Random random = new Random(seed);
    for (Row sequence : sample.chosen(runs, behind)) {
      long start = sequence.getLong(0);
      long end = Math.min(sequence.getLong(1), behind);
      SequenceKey key = sample.isNamed() ? SequenceKey.ofExternal(sequence, 2) : SequenceKey.ONLY;
      TreeSet<Long> chosen = new TreeSet<>();
      for (long t = start; t < Math.min(end, start + FIRST); t++) {
        chosen.add(t);
      }
      for (long boundary : sample.boundaries(runs, key, end)) {
        chosen.addAll(List.of(boundary - 1, boundary, boundary + 1));
      }
      for (int i = 0; i < RANDOM; i++) {
        chosen.add(start + (long) (random.nextDouble() * (end - start)));
      }
      chosen.add(end - 1);
      chosen.removeIf(t -> t < start || t >= end);
      sample.positions.put(key, chosen);
    }
    return sample;
  }

  /** (first position, position behind the last, sequence) of some sequences. */
  private List<Row> chosen(Dataset<Row> runs, long limit) {
    Column first = min(RunRows.FIRST);
    Column behind = max(RunRows.BEHIND);
    if (!isNamed()) {
      return runs.agg(first, behind).collectAsList();
    }
    Column sequence = col(RunRows.SEQUENCE);
    return runs.groupBy(sequence)
        .agg(first.as("first"), behind.as("behind"))
        .where(col("first").lt(limit))
        .orderBy(xxhash64(sequence), sequence)
        .limit(SEQUENCES)
        .select(col("first"), col("behind"), sequence)
        .collectAsList();
  }

  /** Where some runs of a sequence start, in front of a position. */
  private List<Long> boundaries(Dataset<Row> runs, SequenceKey sequence, long end) {
    Column first = col(RunRows.FIRST);
    return runs
        .where(is(col(RunRows.SEQUENCE), sequence).and(first.lt(end)))
        .orderBy(xxhash64(first), first)
        .select(first)
        .takeAsList(BOUNDARIES)
        .stream()
        .map(row -> row.getLong(0))
        .toList();
  }

  /** Whether the tokens have a sequence column. */
  boolean isNamed() {
    return sequenceType != null;
  }

  /** The chosen sequences. */
  Set<SequenceKey> sequences() {
    return positions.keySet();
  }

  /** The first position of a chosen sequence. */
  long start(SequenceKey sequence) {
    return positions.get(sequence).first();
  }

  int size() {
    return positions.values().stream().mapToInt(Set::size).sum();
  }

  /** The tokens of the chosen sequences. */
  Dataset<Row> of(Dataset<Row> tokens, TokenColumns columns) {
    return tokens.where(
        any(sequences().stream().map(key -> is(Columns.named(columns.sequence()), key))));
  }

  /** Runs the job behind {@code outputs}, (seq, pos, o) or (pos, o), and keeps the sample. */
  TreeMap<Place, double[]> collect(Dataset<Row> outputs) {
    String[] columns = outputs.columns();
    int at = isNamed() ? 1 : 0;
    Column position = Columns.named(columns[at]);
    Stream<Column> places =
        positions.entrySet().stream()
            .map(
                sequence ->
                    is(Columns.named(columns[0]), sequence.getKey())
                        .and(position.isin(sequence.getValue().toArray())));
    TreeMap<Place, double[]> collected = new TreeMap<>();
    for (Row row : outputs.where(any(places)).collectAsList()) {
      SequenceKey key = isNamed() ? SequenceKey.ofExternal(row, 0) : SequenceKey.ONLY;
      collected.put(new Place(key, row.getLong(at)), values(row.getList(at + 1)));
    }
    return collected;
  }

  private Column is(Column column, SequenceKey sequence) {
    return isNamed() ? column.equalTo(sequence.external(sequenceType)) : lit(true);
  }

  private static Column any(Stream<Column> conditions) {
    return conditions.reduce(lit(false), Column::or);
  }

  private static double[] values(List<Number> numbers) {
    return numbers.stream().mapToDouble(Number::doubleValue).toArray();
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
