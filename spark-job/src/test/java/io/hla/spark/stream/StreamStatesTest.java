package io.hla.spark.stream;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.spark.Attention;
import io.hla.spark.InputException;
import io.hla.spark.InputOrder;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import io.hla.spark.state.StateTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a table to a stream, to a table again. */
class StreamStatesTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(4, 6)
          .operator(Operator.HLA2)
          .heads(2, 1)
          .decay(List.of(0.97, 1.0))
          .precision(Precision.FLOAT64)
          .build();
  private static final String DAY = "2024-02-29";
  private static final String OLD = "1066-10-14";

  private final SparkSession spark = TestSpark.newSession();
  private final Attention request = TestJob.request(SETTINGS).inputOrder(InputOrder.STORED);
  private final TokenStream one = TokenStream.normal(SETTINGS, 120, 73);
  private final TokenStream two = TokenStream.normal(SETTINGS, 90, 74);

  @TempDir Path folder;

  @BeforeEach
  void fewPartitions() {
    spark.conf().set("spark.sql.shuffle.partitions", 2);
  }

  private Dataset<Row> table(List<Row> rows) {
    return dated(TokenFiles.partitioned(spark, TokenStream.SCHEMA, List.of(List.copyOf(rows))));
  }

  private static Dataset<Row> dated(Dataset<Row> tokens) {
    return tokens.withColumn("seq", col("seq").cast(DataTypes.DateType));
  }

  /** Positions 0 to 39 are a table, 40 to 99 a stream, those behind a table again. */
  @Test
  void sequencesGoFromTableToStreamAndBack() throws Exception {
    Dataset<Row> before =
        request.withFinalStates().run(table(one.rows(DAY, 0).subList(0, 40))).finalStates();
    List<Row> all = new ArrayList<>(one.rows(DAY, 0).subList(40, 120));
    all.addAll(two.rows(OLD, -7));
    Map<Object, double[]> expected =
        TestJob.bySequence(request.initialStates(before).attend(table(all)));
    ArrivingFiles files = new ArrivingFiles(spark, TokenStream.SCHEMA, folder);
    files.add(one.rows(DAY, 0).subList(40, 71));
    List<Row> mixed = new ArrayList<>(two.rows(OLD, -7).subList(0, 80));
    mixed.addAll(one.rows(DAY, 0).subList(71, 100));
    files.add(mixed);
    Dataset<Row> streamed = files.run(tokens -> request.stream(dated(tokens), before));

    Dataset<Row> behind = AttentionStream.states(spark, files.checkpoint().toString());
    assertThat(behind.schema().fieldNames())
        .isEqualTo(StateTable.schema(DataTypes.DateType).fieldNames());
    assertThat(behind.schema().apply("seq").dataType()).isEqualTo(DataTypes.DateType);
    assertThat(
            behind.orderBy("seq").selectExpr("string(seq)", "next_pos", "tokens").collectAsList())
        .extracting(Row::toString)
        .containsExactly("[" + OLD + ",73,80]", "[" + DAY + ",100,100]");
    assertThat(behind.select("settings").distinct().collectAsList())
        .extracting(row -> row.getString(0))
        .containsExactly(SETTINGS.describe().toString());

    List<Row> rest = new ArrayList<>(one.rows(DAY, 0).subList(100, 120));
    rest.addAll(two.rows(OLD, -7).subList(80, 90));
    Dataset<Row> last = request.initialStates(behind).attend(table(rest));
    assertThat(
            TestJob.bySequence(
                streamed.select("seq", "pos", "o").union(last.select("seq", "pos", "o"))))
        .usingRecursiveComparison()
        .isEqualTo(expected);

    files.add(one.rows(DAY, 0).subList(100, 120));
    Attention other = request.decay(0.97, 0.5);
    assertThatThrownBy(() -> files.run(tokens -> other.stream(dated(tokens), null)))
        .satisfies(
            e -> {
              InputException refused = Refused.in(e);
              assertThat(refused.condition()).isEqualTo("HLA_STATE_SETTINGS");
              assertThat(refused)
                  .hasMessage(
                      "sequence \"%s\": cannot continue from a state of other settings: decay is"
                          + " [0.97, 1.0], expected [0.97, 0.5]",
                      DAY);
            });
  }

  @Test
  void statesOfJavaAreThoseOfTheTable() throws Exception {
    Attention java = request.kernels("java", "auto");
    ArrivingFiles files = new ArrivingFiles(spark, TokenStream.SCHEMA, folder);
    files.add(one.rows("s", 0).subList(0, 33)).add(one.rows("s", 0).subList(33, 100));
    files.run(tokens -> java.stream(tokens.drop("seq"), null));
    Row state = AttentionStream.states(spark, files.checkpoint().toString()).head();
    Row expected =
        java.withFinalStates()
            .run(
                TokenFiles.partitioned(
                        spark,
                        TokenStream.SCHEMA,
                        List.of(List.copyOf(one.rows("s", 0).subList(0, 100))))
                    .drop("seq"))
            .finalStates()
            .head();
    assertThat(state.schema().fieldNames()).isEqualTo(expected.schema().fieldNames());
    assertThat(state.getLong(0)).isEqualTo(expected.getLong(0)).isEqualTo(100);
    assertThat(state.getLong(1)).isEqualTo(100);
    assertThat((byte[]) state.get(3)).isEqualTo((byte[]) expected.get(3));
  }

  @Test
  void whatIsNoCheckpointOfAttentionIsRefused() {
    assertThatThrownBy(() -> AttentionStream.states(spark, folder.toString()))
        .isInstanceOfSatisfying(
            InputException.class,
            e -> assertThat(e.condition()).isEqualTo("HLA_STREAM_CHECKPOINT"));
  }
}
