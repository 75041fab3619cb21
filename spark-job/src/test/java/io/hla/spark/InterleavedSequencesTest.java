package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tables clustered by time: rows of several sequences alternate within a partition. */
class InterleavedSequencesTest {
  private static final StructType SCHEMA = TokenStream.SCHEMA.add("tag", DataTypes.StringType);
  private static final int SEQUENCES = 4;
  private static final int PARTITIONS = 3;

  private final SparkSession spark = TestSpark.newSession();

  @ParameterizedTest
  @MethodSource("io.hla.spark.Operators#forms")
  void giveTheBitsOfRunsThatStandOneBehindTheOther(Operator operator, Form form) {
    AttentionSettings settings =
        AttentionSettings.builder(5, 3)
            .operator(operator)
            .form(form)
            .heads(2, 1)
            .decay(List.of(0.97, 0.9))
            .build();
    TestJob job = TestJob.stored(spark, settings).fanIn(2);
    Dataset<Row> clustered = table(settings, false);
    Map<Object, double[]> expected = job.outputs(clustered);
    Dataset<Row> interleaved = table(settings, true);
    Attention.Result result = job.run(interleaved);
    assertThat(result.runs()).isEqualTo(SEQUENCES * PARTITIONS);
    same(TestJob.bySequence(result.outputs()), expected, 0);
    same(job.scannedOnExecutors().outputs(interleaved), expected, 0);
  }

  @ParameterizedTest
  @MethodSource("io.hla.spark.Operators#all")
  void endWhereTooManyWouldBeOpen(Operator operator) {
    AttentionSettings settings =
        AttentionSettings.builder(5, 3).operator(operator).precision(Precision.FLOAT64).build();
    TestJob job = TestJob.stored(spark, settings).oneOpenRun();
    Attention.Result result = job.run(table(settings, true));
    assertThat(result.runs()).isGreaterThan(10 * SEQUENCES * PARTITIONS);
    same(TestJob.bySequence(result.outputs()), job.outputs(table(settings, false)), 1e-12);
  }

  @Test
  void keepTheOrderOfTheirRowsAndTheirOtherColumns() {
    AttentionSettings settings = AttentionSettings.builder(5, 3).build();
    Attention request = TestJob.stored(spark, settings).request().keep("tag");
    Attention.Result result = request.run(table(settings, true));
    List<List<Row>> partitions =
        result.outputs().select("seq", "pos", "tag").toJavaRDD().glom().collect();
    int rows = 0;
    for (List<Row> partition : partitions) {
      Map<String, Long> next = new HashMap<>();
      for (Row row : partition) {
        String sequence = row.getString(0);
        assertThat(row.getString(2)).isEqualTo(sequence + row.getLong(1));
        assertThat(row.getLong(1)).isEqualTo(next.getOrDefault(sequence, row.getLong(1)));
        next.put(sequence, row.getLong(1) + 1);
        rows++;
      }
      assertThat(next).hasSize(SEQUENCES);
    }
    assertThat(rows).isEqualTo((int) result.tokens());
  }

  /** {@code tolerance} is relative to the largest output of a sequence. */
  private static void same(
      Map<Object, double[]> actual, Map<Object, double[]> expected, double tolerance) {
    assertThat(actual).containsOnlyKeys(expected.keySet());
    actual.forEach(
        (sequence, o) -> {
          double[] wanted = expected.get(sequence);
          double largest = Arrays.stream(wanted).map(Math::abs).max().orElseThrow();
          assertThat(o).containsExactly(wanted, Offset.offset(tolerance * largest));
        });
  }

  /** Every partition holds a piece of every sequence, piece after piece or interleaved. */
  private Dataset<Row> table(AttentionSettings settings, boolean interleaved) {
    List<List<List<Row>>> pieces = new ArrayList<>();
    for (int s = 0; s < SEQUENCES; s++) {
      // Over three blocks of the kernels, so that some buffers fill up and some runs end early.
      TokenStream stream = TokenStream.normal(settings, 90 + 200 * s, s);
      List<Row> rows = new ArrayList<>();
      for (Row row : stream.rows("s" + s, 10L * s)) {
        rows.add(
            RowFactory.create(
                row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), "s" + s + row.get(1)));
      }
      pieces.add(TokenFiles.split(rows, PARTITIONS));
    }
    List<List<Row>> partitions = new ArrayList<>();
    for (int p = 0; p < PARTITIONS; p++) {
      List<List<Row>> parts = new ArrayList<>();
      for (List<List<Row>> sequence : pieces) {
        parts.add(sequence.get(p));
      }
      partitions.add(
          interleaved
              ? interleaved(parts, new Random(p))
              : parts.stream().flatMap(List::stream).toList());
    }
    return TokenFiles.partitioned(spark, SCHEMA, partitions);
  }

  private static List<Row> interleaved(List<List<Row>> parts, Random random) {
    List<Row> rows = new ArrayList<>();
    int[] taken = new int[parts.size()];
    int left = parts.stream().mapToInt(List::size).sum();
    while (left > 0) {
      int s = random.nextInt(parts.size());
      if (taken[s] < parts.get(s).size()) {
        rows.add(parts.get(s).get(taken[s]++));
        left--;
      }
    }
    return rows;
  }
}
