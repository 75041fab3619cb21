package io.hla.spark.validate;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.FeatureMap;
import io.hla.kernels.Operator;
import io.hla.kernels.Precision;
import io.hla.spark.attend.Attend;
import io.hla.spark.attend.AttendOptions;
import io.hla.spark.attend.AttendOptions.InputOrder;
import io.hla.spark.input.TokenColumns;
import io.hla.spark.input.TokenTable;
import io.hla.spark.report.Report;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import java.util.Map;
import java.util.TreeMap;
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
  private final AttendOptions options;

  IntegerStreams(SparkSession spark, AttentionSettings settings, AttendOptions options) {
    this.spark = spark;
    this.options = options;
    this.settings =
        AttentionSettings.builder(settings.headDim(), settings.valueDim())
            .operator(settings.operator())
            .mask(settings.mask())
            .form(settings.form())
            .heads(settings.numHeads(), settings.numKvHeads())
            .normalize(settings.normalize())
            .epsilon(settings.epsilon())
            .ridge(settings.ridge() == 0 ? 0 : 0.5)
            .featureMap(
                settings.featureMap() == FeatureMap.RELU ? FeatureMap.RELU : FeatureMap.IDENTITY)
            .precision(Precision.FLOAT64)
            .build();
  }

  Check check(Report report) {
    SyntheticTokens tokens =
        new SyntheticTokens(
            length(),
            1,
            settings.numHeads(),
            settings.numKvHeads(),
            settings.headDim(),
            settings.valueDim(),
            Distribution.INTEGER,
            1);
    TokenTable table =
        TokenTable.open(
            tokens.table(spark, PARTITIONS),
            TokenColumns.defaults(),
            settings.numHeads(),
            settings.numKvHeads());
    Attend.Result distributed = attend(table, options.kernels(), 2, report);
    OutputSample sample = OutputSample.of(distributed.runs(), length(), 1);
    TreeMap<OutputSample.Place, double[]> actual = sample.collect(distributed.outputs());
    TreeMap<OutputSample.Place, double[]> expected =
        sample.collect(attend(table.inOnePartition(), "recurrent", 2, report).outputs());
    Errors errors = new Errors();
    expected.forEach((place, values) -> errors.add(actual.get(place), values));
    return Check.atMost(
        "integer stream is exact",
        errors.relative(),
        0,
        String.format(
            "%d tokens in %d runs, %d outputs equal to the bit",
            length(), distributed.runs().runs(), expected.size()));
  }

  private Attend.Result attend(TokenTable table, String kernels, int fanIn, Report report) {
    AttendOptions how =
        new AttendOptions(
            kernels,
            options.instructionSet(),
            InputOrder.STORED,
            true,
            fanIn,
            options.openBytes(),
            Long.MAX_VALUE);
    return new Attend(spark, settings, how, report)
        .run(table, TokenColumns.defaults(), "o", Map.of(), false);
  }

  /** Values are -2 .. 2, so a sum over n^order tuples is below 2 (4 d)^order n^order. */
  private int length() {
    int order =
        settings.operator() == Operator.LINEAR ? 1 : settings.operator() == Operator.HLA3 ? 3 : 2;
    double most = Math.pow(Math.pow(2, 51), 1.0 / order) / (4.0 * settings.headDim());
    return (int) Math.max(3 * PARTITIONS, Math.min(LONGEST, most));
  }
}
