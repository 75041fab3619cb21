package io.hla.spark.validate;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.FeatureMap;
import io.hla.kernels.Operator;
import io.hla.kernels.Precision;
import io.hla.spark.Attention;
import io.hla.spark.InputOrder;
import io.hla.spark.JobObserver;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import io.hla.spark.table.TokenColumns;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The strongest test there is: integer tokens without decay, short enough that every sum stays
 * below 2^53. In float64 the distributed outputs must equal the serial recurrence to the bit.
 */
final class IntegerStreams {
  private static final int PARTITIONS = 7;
  private static final int LONGEST = 20_000;

  private final SparkSession spark;
  private final AttentionSettings settings;
  private final Attention request;

  /**
   * @param settings of {@code request}, for the tokens it is meant for
   */
  IntegerStreams(SparkSession spark, Attention request, AttentionSettings settings) {
    this.spark = spark;
    this.settings = settings;
    this.request =
        request
            .decay(1)
            .ridge(settings.ridge() == 0 ? 0 : 0.5)
            .scale(1)
            .featureMap(
                settings.featureMap() == FeatureMap.RELU ? FeatureMap.RELU : FeatureMap.IDENTITY)
            .precision(Precision.FLOAT64)
            .columns(TokenColumns.defaults())
            .inputOrder(InputOrder.STORED)
            .refuseNonFinite(true)
            .fanIn(2)
            .observer(JobObserver.NONE);
  }

  Check check() {
    Dataset<Row> tokens =
        new SyntheticTokens(
                length(),
                1,
                settings.numHeads(),
                settings.numKvHeads(),
                settings.headDim(),
                settings.valueDim(),
                Distribution.INTEGER,
                1)
            .table(spark, PARTITIONS);
    Attention.Result distributed = request.run(tokens);
    OutputSample sample = OutputSample.of(spark, distributed, length(), 1);
    TreeMap<OutputSample.Place, double[]> actual = sample.collect(distributed.outputs());
    TreeMap<OutputSample.Place, Expected> expected =
        SerialRecurrence.at(sample, tokens, request.columns(), distributed.settings());
    Errors errors = new Errors();
    expected.forEach((place, there) -> errors.add(actual.get(place), there.values()));
    return Check.atMost(
        "integer stream is exact",
        errors.relative(),
        0,
        String.format(
            "%d tokens in %d runs, %d outputs equal to the bit",
            length(), distributed.runs(), expected.size()));
  }

  /** Values are -2 .. 2, so a sum over n^order tuples is below 2 (4 d)^order n^order. */
  private int length() {
    int order =
        settings.operator() == Operator.LINEAR ? 1 : settings.operator() == Operator.HLA3 ? 3 : 2;
    double most = Math.pow(Math.pow(2, 51), 1.0 / order) / (4.0 * settings.headDim());
    return (int) Math.max(3 * PARTITIONS, Math.min(LONGEST, most));
  }
}
