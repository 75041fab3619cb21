package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import io.hla.spark.Attention;
import io.hla.spark.GateScale;
import io.hla.spark.InputOrder;
import io.hla.spark.JobObserver;
import io.hla.spark.passes.Expected;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import io.hla.spark.table.TokenColumns;
import java.util.Locale;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The strongest test there is: integer tokens whose decays are 1 and whose gates are 0 or 1, short
 * enough that every sum stays below 2^53. In float64 the distributed outputs must equal the serial
 * recurrence to the bit. Heads are made smaller where a stream would become too short.
 */
final class IntegerStreams {
  private static final String NAME = "integer stream is exact";
  private static final int PARTITIONS = 7;
  private static final int SHORT = 3 * PARTITIONS;
  private static final int LONGEST = 20_000;

  private final SparkSession spark;
  private final AttentionSettings settings;
  private final Attention request;

  /**
   * @param settings of {@code request}, for the tokens it is meant for
   */
  IntegerStreams(SparkSession spark, Attention request, AttentionSettings settings) {
    this.spark = spark;
    this.settings = fitting(settings);
    TokenColumns columns =
        TokenColumns.defaults().gated(settings.gated() ? "g" : null, GateScale.LINEAR);
    this.request =
        request
            .headDim(this.settings.headDim())
            .valueDim(this.settings.valueDim())
            .decay(1)
            .ridge(settings.ridge() == 0 ? 0 : 0.5)
            .scale(1)
            .featureMap(
                settings.featureMap() == FeatureMap.RELU ? FeatureMap.RELU : FeatureMap.IDENTITY)
            .precision(Precision.FLOAT64)
            .outputType(Element.DOUBLE)
            .columns(columns)
            .inputOrder(InputOrder.STORED)
            .refuseNonFinite(true)
            .fanIn(2)
            .observer(JobObserver.NONE);
  }

  Check check() {
    int length = length(settings);
    if (length < PARTITIONS) {
      return Check.absent(NAME, "no stream of this operator has sums that double holds exactly");
    }
    Dataset<Row> tokens =
        new SyntheticTokens(
                length,
                1,
                settings.numHeads(),
                settings.numKvHeads(),
                settings.headDim(),
                settings.valueDim(),
                Distribution.INTEGER,
                1,
                settings.gated())
            .table(spark, PARTITIONS);
    Attention.Result distributed = request.run(tokens);
    OutputSample sample = OutputSample.of(spark, distributed, length, 1);
    TreeMap<OutputSample.Place, double[]> actual = sample.collect(distributed.outputs());
    TreeMap<OutputSample.Place, Expected> expected =
        SerialRecurrence.at(
            sample, tokens, request.columns(), distributed.settings(), request.outputType());
    Errors errors = new Errors();
    expected.forEach((place, there) -> errors.add(actual.get(place), there.values()));
    return Check.atMost(
        NAME,
        errors.relative(),
        0,
        String.format(
            Locale.ROOT,
            "%d tokens in %d runs, %d outputs equal to the bit",
            length,
            distributed.runs(),
            expected.size()));
  }

  /** The same with heads that are as large as exact sums let them be. */
  private static AttentionSettings fitting(AttentionSettings wanted) {
    AttentionSettings smaller = wanted;
    while (length(smaller) < SHORT && smaller.headDim() > 1) {
      smaller = smaller.withSizes(smaller.headDim() / 2, Math.max(1, smaller.valueDim() / 2));
    }
    return smaller;
  }

  /** How many tokens keep all sums below 2^53, with a factor of 4 for the ridge and corrections. */
  private static int length(AttentionSettings settings) {
    Size size = Statements.output(settings.operator(), new Sizes(settings));
    double most = Math.pow(0x1p51 / size.coefficient(), 1.0 / size.power());
    return (int) Math.min(LONGEST, most);
  }

  /** Numbers below coefficient n^power behind n tokens. */
  private record Size(double coefficient, int power, int width) {}

  /** How large the signals of a program get from numbers between -2 and 2. */
  private record Sizes(AttentionSettings settings) implements Statements.Meaning<Size> {
    @Override
    public Size input(String name) {
      return new Size(2, 0, name.equals("v") ? settings.valueDim() : settings.headDim());
    }

    @Override
    public Size attention(Size x, Size y, Size z, int power, boolean strict) {
      return new Size(
          x.width() * x.coefficient() * y.coefficient() * z.coefficient(),
          x.power() + y.power() + z.power() + 1,
          z.width());
    }

    /** Counted in quarters where the coefficient is one; others are not exact. */
    @Override
    public Size plus(Size sum, double coefficient, Size term) {
      double unit = coefficient == Math.rint(coefficient) ? 1 : 4;
      boolean exact = 4 * coefficient == Math.rint(4 * coefficient);
      double other = sum == null ? 0 : sum.coefficient();
      double all = unit * (other + Math.abs(coefficient) * term.coefficient());
      return new Size(
          exact ? all : Double.POSITIVE_INFINITY,
          Math.max(term.power(), sum == null ? 0 : sum.power()),
          term.width());
    }
  }
}
