package io.hla.spark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.spark.Attention;
import io.hla.spark.InputOrder;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A stream has the bits of a table whose sequences are one run each, however it is cut. */
class StreamBitsTest {
  private static final int MICRO_BATCHES = 4;

  private final SparkSession spark = TestSpark.newSession();

  @TempDir Path folder;

  static Stream<Arguments> cases() {
    return Stream.of(
        Arguments.of("java", gated(Operator.HLA2, Precision.FLOAT64)),
        Arguments.of(
            "native",
            AttentionSettings.builder(5, 7)
                .operator(Operator.HLA3)
                .heads(4, 2)
                .decay(List.of(1.0, 0.9, 0.99, 1e-6))
                .normalize(true)
                .featureMap(FeatureMap.ELU1)
                .precision(Precision.FLOAT64)
                .build()));
  }

  private static AttentionSettings gated(Operator operator, Precision precision) {
    return AttentionSettings.builder(4, 6)
        .operator(operator)
        .heads(2, 1)
        .decay(List.of(0.97, 1.0))
        .gated(true)
        .precision(precision)
        .build();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void microBatchesChangeNoBit(String kernels, AttentionSettings settings) throws Exception {
    spark.conf().set("spark.sql.shuffle.partitions", 2);
    Random random = new Random(71);
    List<Row> rows = new ArrayList<>();
    List<List<Row>> batches = new ArrayList<>();
    for (int i = 0; i < MICRO_BATCHES; i++) {
      batches.add(new ArrayList<>());
    }
    // A long sequence, a short one, and one that begins late.
    int[] lengths = {331, 20, 150};
    for (int s = 0; s < lengths.length; s++) {
      List<Row> tokens =
          TokenStream.normal(settings, lengths[s], 70 + s).rows("s" + s, 1000L * s - 5);
      rows.addAll(tokens);
      int from = 0;
      int first = s == 2 ? 2 : 0;
      for (int batch = first; batch < MICRO_BATCHES; batch++) {
        int left = tokens.size() - from;
        int count = batch == MICRO_BATCHES - 1 ? left : Math.min(left, random.nextInt(110));
        batches.get(batch).addAll(tokens.subList(from, from + count));
        from += count;
      }
    }
    ArrivingFiles files = new ArrivingFiles(spark, TokenStream.schema(settings), folder);
    for (List<Row> batch : batches) {
      Collections.shuffle(batch, random);
      files.add(batch);
    }
    Attention request = TestJob.request(settings).kernels(kernels, "auto");

    Map<Object, double[]> streamed =
        TestJob.bySequence(files.run(tokens -> request.stream(tokens, null)));

    Map<Object, double[]> expected =
        TestJob.bySequence(
            request
                .inputOrder(InputOrder.STORED)
                .attend(
                    TokenFiles.partitioned(spark, TokenStream.schema(settings), List.of(rows))));
    assertThat(streamed.keySet()).isEqualTo(expected.keySet());
    streamed.forEach(
        (sequence, outputs) ->
            assertThat(outputs).as("%s, seed 71", sequence).isEqualTo(expected.get(sequence)));
  }
}
