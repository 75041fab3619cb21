package io.hla.spark.validate;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import io.hla.spark.runs.Run;
import io.hla.spark.runs.RunRows;
import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which outputs are compared, and that it is these that are collected. */
class OutputSampleTest {
  private static final long SEED = 3;
  private static final int RUNS = 5;
  private static final int LENGTH = 100;

  private final SparkSession spark = TestSpark.newSession();

  @ParameterizedTest
  @ValueSource(ints = {2, 4, 9})
  void fewSequencesAreChosenWhateverThePartitions(int sequences) {
    OutputSample sample = OutputSample.of(runs(sequences, 1), DataTypes.LongType, 340, SEED);
    assertThat(sample.sequences()).hasSize(Math.min(4, sequences));
    assertThat(OutputSample.of(runs(sequences, 3), DataTypes.LongType, 340, SEED))
        .isEqualTo(sample);
    for (SequenceKey sequence : sample.sequences()) {
      long start = 10 * (long) sequence.value();
      assertThat(sample.start(sequence)).isEqualTo(start);
      assertThat(sample.positions().get(sequence))
          .contains(start + 47, start + 99, start + 100, start + 101, start + 200, 339L)
          .allMatch(position -> position >= start && position < 340)
          .hasSizeGreaterThan(100);
    }
  }

  @Test
  void outputsAreCollectedByNameAndPosition() {
    OutputSample sample = OutputSample.of(runs(9, 2), DataTypes.LongType, 1000, SEED);
    Dataset<Row> outputs =
        spark
            .range(0, 9)
            .selectExpr("id as `a doc`", "explode(sequence(0, 600)) as at")
            .selectExpr("`a doc`", "cast(at as bigint) at", "array(cast(at as float)) as o");
    TreeMap<OutputSample.Place, double[]> collected = sample.collect(outputs);
    assertThat(collected).hasSize(sample.size());
    collected.forEach(
        (place, o) -> {
          assertThat(sample.positions().get(place.sequence())).contains(place.position());
          assertThat(o).containsExactly(place.position());
        });
  }

  @Test
  void sequencesMayBeBytesOrOne() {
    check(DataTypes.BinaryType, SequenceKey.of(new byte[] {-1, 0}));
    check(null, SequenceKey.ONLY);
  }

  private void check(DataType type, SequenceKey key) {
    List<Run> runs = List.of(new Run(0, key, -3, 2), new Run(0, key, -1, 7));
    OutputSample sample =
        OutputSample.of(
            RunRows.of(spark, type, context().parallelize(new ArrayList<>(runs), 2)),
            type,
            100,
            SEED);
    assertThat(sample.sequences()).containsExactly(key);
    assertThat(sample.positions().get(key)).containsExactly(-3L, -2L, -1L, 0L, 1L, 2L, 3L, 4L, 5L);
    Dataset<Row> positions =
        spark.range(-9, 9).selectExpr("x'ff00' as seq", "id as pos", "array(id * 2.5D) as o");
    assertThat(sample.collect(type == null ? positions.drop("seq") : positions))
        .hasSize(9)
        .containsKey(new OutputSample.Place(key, -3));
  }

  /** Sequence s starts at position 10 s. */
  private Dataset<Row> runs(int sequences, int partitions) {
    Run[] runs = new Run[sequences * RUNS];
    Arrays.setAll(
        runs,
        i -> {
          long sequence = i % sequences;
          int rank = i / sequences;
          return new Run(0, SequenceKey.of(sequence), 10 * sequence + rank * (long) LENGTH, LENGTH);
        });
    return RunRows.of(
        spark, DataTypes.LongType, context().parallelize(Arrays.asList(runs), partitions));
  }

  private JavaSparkContext context() {
    return JavaSparkContext.fromSparkContext(spark.sparkContext());
  }
}
