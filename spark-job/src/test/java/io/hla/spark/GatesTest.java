package io.hla.spark;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.SparkException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Decays that differ from token to token. */
class GatesTest {
  private static final int TOKENS = 60;
  private static final long SEED = 4;

  @TempDir Path folder;

  private final SparkSession spark = TestSpark.newSession();

  /** Without LA&lt;, which at the token of the gate still sees what stands in front. */
  static Stream<Operator> operators() {
    return Stream.concat(
        Operators.all().filter(operator -> !operator.text().contains("<")),
        Stream.of(Operator.program("w = LA(LA(q, k, k), q, v); o = LA(q, k, w)")));
  }

  @ParameterizedTest
  @MethodSource("operators")
  void aGateOfZeroBeginsAnew(Operator operator) {
    AttentionSettings settings = settings(operator);
    TokenStream packed = TokenStream.integers(settings, TOKENS, SEED);
    int reset = 23;
    Arrays.fill(packed.g(), 1);
    Arrays.fill(packed.g(), reset * 2, reset * 2 + 2, 0);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(packed.rows("packed", 0), 4));
    TokenStream second = packed.slice(reset, TOKENS);
    pieces.addAll(TokenFiles.split(second.rows("second", reset), 2));
    Map<Object, double[]> outputs = TestJob.stored(spark, settings).outputs(table(pieces));
    double[] behind =
        Arrays.copyOfRange(
            outputs.get("packed"), reset * settings.outputWidth(), TOKENS * settings.outputWidth());
    assertThat(behind).isEqualTo(outputs.get("second")).isEqualTo(second.outputs());
  }

  @ParameterizedTest
  @EnumSource
  void travelWithTheirTokens(InputOrder order) {
    AttentionSettings settings = settings(Operator.HLA2);
    TokenStream a = TokenStream.integers(settings, TOKENS, SEED);
    TokenStream b = TokenStream.integers(settings, TOKENS, SEED + 1);
    List<Row> rows = new ArrayList<>();
    for (int t = 0; t < TOKENS; t++) {
      rows.add(a.rows("a", 0).get(t));
      rows.add(b.rows("b", 7).get(t));
    }
    List<List<Row>> pieces =
        order == InputOrder.STORED ? TokenFiles.split(rows, 5) : TokenFiles.scatter(rows, 5, SEED);
    Path files = folder.resolve("tokens");
    TokenFiles.write(spark, TokenStream.GATED, pieces, files);
    Dataset<Row> stored = spark.read().parquet(files.toString());
    Column unstable = functions.rand().geq(0);
    for (Dataset<Row> table : List.of(table(pieces), stored, stored.where(unstable))) {
      Map<Object, double[]> outputs =
          new TestJob(spark, TestJob.request(settings).inputOrder(order)).outputs(table);
      assertThat(outputs.get("a")).isEqualTo(a.outputs());
      assertThat(outputs.get("b")).isEqualTo(b.outputs());
    }
  }

  @Test
  void areReadAsLogarithmsAndAsFloats() {
    AttentionSettings settings = settings(Operator.HLA2);
    TokenStream stream = TokenStream.normal(settings, TOKENS, SEED);
    double[] logarithms = Arrays.stream(stream.g()).map(StrictMath::log).toArray();
    double[] exponentials = Arrays.stream(logarithms).map(StrictMath::exp).toArray();
    double[] floats = Arrays.stream(stream.g()).map(g -> (float) g).toArray();
    assertThat(logarithms).contains(Double.NEGATIVE_INFINITY);
    Attention request = TestJob.request(settings).inputOrder(InputOrder.STORED);
    assertThat(outputs(request.gateScale(GateScale.LOG), with(stream, logarithms), "array<double>"))
        .isEqualTo(outputs(request, with(stream, exponentials), "array<double>"));
    assertThat(outputs(request, with(stream, stream.g()), "array<float>"))
        .isEqualTo(outputs(request, with(stream, floats), "array<double>"));
  }

  private static TokenStream with(TokenStream stream, double[] g) {
    return new TokenStream(stream.settings(), stream.q(), stream.k(), stream.v(), g);
  }

  private double[] outputs(Attention request, TokenStream stream, String type) {
    Dataset<Row> table = table(TokenFiles.split(stream.rows("s", 0), 3));
    return TestJob.bySequence(request.attend(table.withColumn("g", col("g").cast(type)))).get("s");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "array(1d, 1.5d)  | LINEAR | HLA_INPUT_GATE  | g[1] is 1.5 at position 11 of sequence \"s\", expected a gate from 0 to 1",
        "array(-0.5d, 1d) | LINEAR | HLA_INPUT_GATE  | g[0] is -0.5 at position 11 of sequence \"s\", expected a gate from 0 to 1",
        "array(1d, double('NaN')) | LINEAR | HLA_INPUT_GATE | g[1] is NaN at position 11 of",
        "array(0f, 1e-9f) | LOG    | HLA_INPUT_GATE  | g[1] is 9.999999717180685E-10 at position 11 of sequence \"s\", expected the logarithm of a gate, at most 0",
        "array(1d)        | LINEAR | HLA_INPUT_WIDTH | g has 1 values at position 11 of sequence \"s\", expected 2 (2 heads)",
        "cast(null as array<double>) | LINEAR | HLA_INPUT_NULL | g is null at position 11 of",
        "array(1d, cast(null as double)) | LINEAR | HLA_INPUT_NULL | g has a null element [1] at position 11 of"
      })
  void areRefusedWithTheirPlace(String bad, GateScale scale, String condition, String message) {
    String good = scale == GateScale.LINEAR ? "array(1, 1)" : "array(0, -1)";
    Dataset<Row> table =
        spark
            .range(0, 20, 1, 2)
            .selectExpr(
                "'s' as seq",
                "id as pos",
                "array(1f, 2f) as q",
                "array(1f, 2f) as k",
                "array(1f, 2f) as v",
                "if(id = 11, " + bad + ", cast(" + good + " as array<double>)) as g");
    Attention request = Attention.hla2().numHeads(2).gate("g").gateScale(scale);
    assertThatThrownBy(() -> request.attend(table).collect())
        .satisfies(e -> assertThat(refusal(e)).startsWith(condition + " " + message));
  }

  private static String refusal(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof InputException refused) {
        return refused.condition() + " " + refused.getMessage();
      }
    }
    return e + (e instanceof SparkException ? " of Spark" : "");
  }

  @Test
  void aColumnMustHoldNumbers() {
    Dataset<Row> table = table(List.of()).withColumn("g", col("pos"));
    Attention request = Attention.hla2().gate("g");
    assertThatThrownBy(() -> request.attend(table))
        .hasMessage("column g is bigint, expected array<float> or array<double>");
    assertThatThrownBy(() -> request.gate("gates").attend(table))
        .hasMessageStartingWith("the table has no column gates, it has [seq, pos");
  }

  @Test
  void statesGoOn() {
    AttentionSettings settings = settings(Operators.TWO_STEPS);
    TokenStream stream = TokenStream.integers(settings, TOKENS, SEED);
    int cut = 35;
    Dataset<Row> first = table(TokenFiles.split(stream.slice(0, cut).rows("s", 0), 3));
    Dataset<Row> second = table(TokenFiles.split(stream.slice(cut, TOKENS).rows("s", cut), 2));
    Attention request = TestJob.request(settings).inputOrder(InputOrder.STORED);
    Dataset<Row> states = request.withFinalStates().run(first).finalStates();
    double[] behind = TestJob.bySequence(request.initialStates(states).attend(second)).get("s");
    double[] all = stream.outputs();
    assertThat(behind).isEqualTo(Arrays.copyOfRange(all, cut * settings.outputWidth(), all.length));
    Attention constant = TestJob.request(settings).gate(null).initialStates(states);
    assertThatThrownBy(() -> constant.attend(second).collect())
        .satisfies(
            e ->
                assertThat(refusal(e))
                    .contains("HLA_STATE_SETTINGS", "gated is true, expected false"));
  }

  @Test
  void areSynthesized() {
    SyntheticTokens tokens =
        new SyntheticTokens(300, 1, 2, 1, 3, 2, Distribution.NORMAL, SEED).gated(true);
    Attention request = Attention.hla2().numHeads(2).numKvHeads(1).gate("g");
    List<Row> expected = request.attend(tokens.table(spark, 3)).orderBy("pos").collectAsList();
    Path files = folder.resolve("synthetic");
    tokens.table(spark, 3).write().parquet(files.toString());
    Attention.Result stored = request.run(spark.read().parquet(files.toString()));
    assertThat(stored.outputs().orderBy("pos").collectAsList()).isEqualTo(expected);
    assertThat(request.gate(null).attend(tokens.table(spark, 3)).orderBy("pos").collectAsList())
        .isNotEqualTo(expected);
  }

  private static AttentionSettings settings(Operator operator) {
    return AttentionSettings.builder(3, 2)
        .operator(operator)
        .heads(2, 1)
        .gated(true)
        .precision(Precision.FLOAT64)
        .build();
  }

  private Dataset<Row> table(List<List<Row>> pieces) {
    return TokenFiles.partitioned(spark, TokenStream.GATED, pieces);
  }
}
