package io.hla.spark;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.rand;
import static org.apache.spark.sql.functions.udf;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.spark.attend.SortedTokens;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.sql.Date;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF0;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever a table of tokens comes from, its outputs are those of its rows.
 *
 * <p>In the table of files every run ends where sorted ones do: short sequences lie in one file
 * each, the files of the long one end in front of multiples of the sorted chunk.
 */
@Timeout(300)
class AnyDataFrameTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(2, 2).heads(2, 1).decay(0.97).build();
  private static final int CHUNK = (int) SortedTokens.CHUNK;
  private static final int LONG = CHUNK + 300;
  private static final int SHORT_SEQUENCES = 9;
  private static final long SEED = 12;

  @TempDir static Path folder;

  private static Map<Object, double[]> expected;

  private final SparkSession spark = TestSpark.newSession();
  private final Attention request = TestJob.request(SETTINGS);

  @BeforeAll
  static void computeFromFiles() {
    SparkSession spark = TestSpark.newSession();
    List<Row> rows = TokenStream.normal(SETTINGS, LONG, SEED).rows("long", 0);
    List<List<Row>> pieces = new ArrayList<>(shortSequences());
    pieces.add(List.copyOf(rows.subList(0, CHUNK)));
    pieces.add(List.copyOf(rows.subList(CHUNK, LONG)));
    TokenFiles.write(
        spark, TokenStream.SCHEMA, TokenFiles.shuffled(pieces, SEED), folder.resolve("tokens"));
    TokenFiles.write(spark, TokenStream.SCHEMA, shortSequences(), folder.resolve("short"));
    Attention.Result result =
        TestJob.request(SETTINGS).run(spark.read().parquet(folder.resolve("tokens").toString()));
    assertThat(result.figures()).containsEntry(Figure.INPUT_ORDER, "stored");
    assertThat(result.runs()).isEqualTo(2 + SHORT_SEQUENCES);
    expected = Bits.of(result.outputs());
  }

  /** Three files of three sequences, in one of them interleaved. */
  private static List<List<Row>> shortSequences() {
    List<List<Row>> pieces = new ArrayList<>();
    for (int file = 0; file < 3; file++) {
      List<Row> piece = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        int n = 3 * file + i;
        TokenStream stream = TokenStream.normal(SETTINGS, 5 + 7 * n, SEED + n);
        piece.addAll(stream.rows("short" + n, n == 4 ? -100 : 20 * n));
      }
      if (file == 1) {
        piece.sort(Comparator.comparingLong(row -> row.getLong(1)));
      }
      pieces.add(piece);
    }
    return pieces;
  }

  @AfterEach
  void forget() {
    spark.catalog().clearCache();
  }

  private Dataset<Row> tokens() {
    return spark.read().parquet(folder.resolve("tokens").toString());
  }

  private Dataset<Row> shorts() {
    return spark.read().parquet(folder.resolve("short").toString());
  }

  private void adaptive(boolean value) {
    spark.conf().set("spark.sql.adaptive.enabled", value);
  }

  // --- One table, however it is reached ---

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void sameBitsHoweverTheTableIsReached(boolean adaptive) {
    adaptive(adaptive);
    tokens().createOrReplaceTempView("tokens");
    Map<String, Dataset<Row>> tables = new LinkedHashMap<>();
    tables.put("files", tokens());
    tables.put("view", spark.sql("SELECT v, k, q, pos, seq FROM tokens"));
    tables.put("repartitioned", tokens().repartition(8));
    tables.put("repartitioned by sequence", tokens().repartition(4, col("seq")));
    tables.put("ordered", tokens().orderBy(col("pos").desc(), col("seq")));
    tables.put("cached", tokens().where("pos IS NOT NULL").cache());
    tables.put("rows", spark.createDataFrame(tokens().toJavaRDD(), TokenStream.SCHEMA));
    tables.forEach(
        (name, table) -> Bits.assertSame(Bits.of(request.attend(table)), expected, name, adaptive));
  }

  /** Whether rows are sorted, and why, is told. */
  @Test
  void figuresTellWhatIsMaterialized() {
    assertThat(request.run(shorts()).figures())
        .containsEntry(Figure.INPUT_ORDER, "stored")
        .doesNotContainKey(Figure.MATERIALIZED_BECAUSE);
    assertThat(request.run(shorts().cache()).figures())
        .containsEntry(Figure.INPUT_ORDER, "stored")
        .doesNotContainKey(Figure.MATERIALIZED_BECAUSE);
    Attention.Result shuffled = request.run(shorts().repartition(3));
    assertThat(shuffled.figures()).containsEntry(Figure.INPUT_ORDER, "sorted");
    assertThat(shuffled.figures().get(Figure.MATERIALIZED_BECAUSE))
        .asString()
        .contains("shuffles rows");
    assertThat(
            request
                .run(shorts().orderBy("pos").limit(3))
                .figures()
                .get(Figure.MATERIALIZED_BECAUSE))
        .asString()
        .contains("order of its rows differs");
    assertThat(request.run(shorts().repartition(3).cache()).figures())
        .doesNotContainKey(Figure.MATERIALIZED_BECAUSE);
  }

  @Test
  void sameBitsOfSortedTablesOfAnyLayout() {
    Attention sorted = request.inputOrder(InputOrder.SORT);
    List<Row> rows = tokens().collectAsList();
    Map<String, Dataset<Row>> tables = new LinkedHashMap<>();
    tables.put("files", tokens());
    tables.put("scattered over 2", TokenFiles.partitioned(spark, tokens().schema(), scatter(2)));
    tables.put("scattered over 7", TokenFiles.partitioned(spark, tokens().schema(), scatter(7)));
    tables.put("in one", spark.createDataFrame(rows, tokens().schema()).coalesce(1));
    tables.put("a few partitions empty", tokens().union(tokens().where("pos < -1000")));
    tables.put("merged", tokens().coalesce(2));
    tables.forEach((name, table) -> Bits.assertSame(Bits.of(sorted.attend(table)), expected, name));
  }

  private List<List<Row>> scatter(int parts) {
    return TokenFiles.scatter(tokens().collectAsList(), parts, SEED + parts);
  }

  // --- Tables that a query makes ---

  @ParameterizedTest
  @ValueSource(
      strings = {
        "merge join",
        "broadcast join",
        "left join",
        "aggregate",
        "distinct",
        "filter",
        "limit",
        "ordered limit",
        "window",
        "union",
        "exploded"
      })
  void outputsAreThoseOfTheRowsWrittenFirst(String name) {
    Path written = folder.resolve("written " + name);
    query(name).write().parquet(written.toString());
    Dataset<Row> rows = spark.read().parquet(written.toString());
    Map<Object, double[]> ofRows = Bits.of(request.inputOrder(InputOrder.SORT).attend(rows));
    for (boolean adaptive : new boolean[] {true, false}) {
      adaptive(adaptive);
      Bits.assertSame(Bits.of(request.attend(query(name))), ofRows, name, adaptive);
    }
  }

  private Dataset<Row> query(String name) {
    Dataset<Row> tokens = shorts();
    tokens.createOrReplaceTempView("tokens");
    return switch (name) {
      case "merge join" ->
          spark.sql(
              "SELECT /*+ MERGE(b) */ seq, pos, a.q, b.k, b.v FROM tokens a JOIN tokens b"
                  + " USING (seq, pos)");
      case "broadcast join" ->
          tokens.join(broadcast(tokens.select("seq").where("seq > 'short3'").distinct()), "seq");
      case "left join" ->
          spark.sql(
              "SELECT a.seq, a.pos, a.q, a.k, coalesce(b.v, a.v) AS v FROM tokens a LEFT JOIN"
                  + " (SELECT seq, pos, array(1.5D, -1D) AS v FROM tokens WHERE pos > 40) b"
                  + " ON a.seq = b.seq AND a.pos = b.pos");
      case "aggregate" -> {
        spark
            .sql(
                "SELECT seq, pos, 'q' AS name, posexplode(q) AS (i, x) FROM tokens"
                    + " UNION ALL SELECT seq, pos, 'k' AS name, posexplode(k) AS (i, x) FROM tokens"
                    + " UNION ALL SELECT seq, pos, 'v' AS name, posexplode(v) AS (i, x) FROM tokens")
            .createOrReplaceTempView("numbers");
        yield spark.sql(
            "SELECT seq, pos, "
                + Stream.of("q", "k", "v")
                    .map(
                        n ->
                            String.format(
                                "transform(array_sort(collect_list(CASE WHEN name = '%s' THEN"
                                    + " struct(i, x) END)), e -> e.x) AS %s",
                                n, n))
                    .collect(Collectors.joining(", "))
                + " FROM numbers GROUP BY seq, pos");
      }
      case "distinct" -> tokens.union(tokens).dropDuplicates("seq", "pos");
      case "filter" -> tokens.where("seq IN ('short2', 'short8') AND pos < 190");
      case "limit" -> tokens.where("seq = 'short8'").limit(20);
      case "ordered limit" -> tokens.orderBy("seq", "pos").limit(37);
      case "window" ->
          spark.sql(
              "SELECT seq, 7 + row_number() OVER (PARTITION BY seq ORDER BY pos DESC) AS pos, q,"
                  + " lag(k, 1, k) OVER (PARTITION BY seq ORDER BY pos DESC) AS k, v FROM tokens");
      case "union" -> tokens.where("seq < 'short4'").union(tokens.where("seq >= 'short4'"));
      case "exploded" ->
          tokens.select(
              col("seq"),
              expr("explode(sequence(2 * pos, 2 * pos + 1)) AS pos"),
              col("q"),
              col("k"),
              col("v"));
      default -> throw new IllegalArgumentException(name);
    };
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void randomVectorsAreDrawnOnce(boolean adaptive) {
    adaptive(adaptive);
    UDF0<Double> draw = () -> new Random().nextGaussian();
    Map<String, Dataset<Row>> tables =
        Map.of(
            "rand",
            shorts().withColumn("v", array(rand(), rand())),
            "a function",
            shorts()
                .withColumn(
                    "v",
                    array(
                        udf(draw, DataTypes.DoubleType).asNondeterministic().apply(),
                        col("q").getItem(0))));
    tables.forEach(
        (name, table) -> {
          // By hand of the written vectors: outputs go with the vectors that they were made of.
          Dataset<Row> outputs = request.keep("q", "k", "v").attend(table);
          Map<Object, double[]> first = Bits.of(outputs);
          Bits.assertSame(Bits.of(outputs), first, name, "again");
          Path written = folder.resolve("random " + name + adaptive);
          outputs.write().parquet(written.toString());
          Dataset<Row> rows = spark.read().parquet(written.toString());
          Bits.assertSame(Bits.of(rows), first, name, "written");
          Bits.assertSame(
              Bits.of(request.inputOrder(InputOrder.SORT).attend(rows.drop("o"))),
              first,
              name,
              "of the vectors that were kept");
          assertThat(request.run(table).figures().get(Figure.MATERIALIZED_BECAUSE))
              .as(name)
              .asString()
              .contains("not deterministic");
        });
  }

  @ParameterizedTest
  @EnumSource(InputOrder.class)
  void keptColumnsStayWithTheirTokens(InputOrder order) {
    Dataset<Row> table =
        shorts()
            .selectExpr(
                "*",
                "concat(seq, '-', pos) AS name",
                "named_struct('twice', 2 * pos, 'list', array(pos, null)) AS more",
                "IF(pos % 2 = 0, null, CAST(pos AS DECIMAL(20, 2))) AS odd");
    for (Dataset<Row> tokens : List.of(table, table.repartition(3))) {
      Dataset<Row> outputs =
          request.inputOrder(order).keep("name", "more", "odd", "q").attend(tokens);
      assertThat(outputs.columns()).containsExactly("seq", "pos", "o", "name", "more", "odd", "q");
      Dataset<Row> again = spark.createDataFrame(table.collectAsList(), table.schema());
      assertThat(
              outputs
                  .as("out")
                  .join(
                      again.as("in"),
                      expr(
                          "in.seq = out.seq AND in.pos = out.pos AND in.name = out.name"
                              + " AND in.more = out.more AND in.odd <=> out.odd"
                              + " AND in.q = out.q"))
                  .count())
          .isEqualTo(table.count());
    }
  }

  @Test
  void aTableWithoutRowsHasNoOutputs() {
    for (Dataset<Row> none :
        List.of(
            spark.createDataFrame(List.of(), TokenStream.SCHEMA),
            shorts().where("pos > 100000"),
            shorts().where("pos > 100000").repartition(3))) {
      Attention.Result result = request.withFinalStates().run(none);
      assertThat(result.outputs().count()).isZero();
      assertThat(result.finalStates().count()).isZero();
      assertThat(result.tokens()).isZero();
    }
  }

  // --- States ---

  @Test
  void twoHundredSequencesGoOnFromTheirStates() {
    AttentionSettings settings = AttentionSettings.builder(3, 2).heads(2, 1).decay(0.9).build();
    Attention states = TestJob.request(settings).withFinalStates();
    List<Row> all = new ArrayList<>();
    List<Row> before = new ArrayList<>();
    List<Row> after = new ArrayList<>();
    for (int n = 0; n < 200; n++) {
      List<Row> rows = TokenStream.normal(settings, 12 + n % 5, SEED + n).rows("s" + n, n);
      all.addAll(rows);
      // Every fourth sequence ends with the first table, some begin with the second.
      int cut = n % 4 == 0 ? rows.size() : n % 10 == 1 ? 0 : 5 + n % 3;
      before.addAll(rows.subList(0, cut));
      after.addAll(rows.subList(cut, rows.size()));
    }
    Attention.Result whole = states.run(scattered(all));
    Attention.Result first = states.run(scattered(before));
    Map<Object, double[]> firstOutputs = Bits.of(first.outputs());
    String path = folder.resolve("states").toString();
    first.finalStates().write().parquet(path);
    Dataset<Row> stored = spark.read().parquet(path);
    Dataset<Row> memory = spark.createDataFrame(stored.collectAsList(), stored.schema());
    Map<String, Dataset<Row>> sources = new LinkedHashMap<>();
    sources.put("files", stored);
    sources.put("memory", memory);
    sources.put("result", first.finalStates());
    sources.put(
        "join", memory.drop("state").hint("merge").join(stored.select("seq", "state"), "seq"));
    Map<Object, double[]> expectedSecond = null;
    for (Map.Entry<String, Dataset<Row>> source : sources.entrySet()) {
      Attention.Result second = states.initialStates(source.getValue()).run(scattered(after));
      Map<Object, double[]> outputs = Bits.of(second.outputs());
      if (expectedSecond == null) {
        expectedSecond = outputs;
        assertClose(joined(firstOutputs, outputs), Bits.of(whole.outputs()));
        assertThat(second.figures())
            .containsEntry(Figure.CONTINUED_SEQUENCES, 200L - 50 - newSequences());
      }
      Bits.assertSame(outputs, expectedSecond, source.getKey());
      Map<String, Row> ends = byName(second.finalStates());
      assertThat(ends).hasSize(200);
      Map<String, Row> untouched = byName(first.finalStates());
      for (int n = 0; n < 200; n += 4) {
        assertThat(ends.get("s" + n)).as("s%d", n).isEqualTo(untouched.get("s" + n));
      }
      Map<String, Row> wholeEnds = byName(whole.finalStates());
      ends.forEach((name, end) -> assertThat(end.get(1)).isEqualTo(wholeEnds.get(name).get(1)));
    }
  }

  private static long newSequences() {
    return IntStream.range(0, 200).filter(n -> n % 4 != 0 && n % 10 == 1).count();
  }

  private Dataset<Row> scattered(List<Row> rows) {
    return TokenFiles.partitioned(spark, TokenStream.SCHEMA, TokenFiles.scatter(rows, 4, SEED));
  }

  /** Rows (seq, next_pos, tokens, settings, state as text) by sequence. */
  private static Map<String, Row> byName(Dataset<Row> states) {
    Map<String, Row> rows = new LinkedHashMap<>();
    for (Row row :
        states.selectExpr("seq", "next_pos", "tokens", "settings", "hex(state)").collectAsList()) {
      assertThat(rows.put(row.getString(0), row)).as("two states of %s", row.get(0)).isNull();
    }
    return rows;
  }

  private static Map<Object, double[]> joined(
      Map<Object, double[]> first, Map<Object, double[]> second) {
    Map<Object, double[]> joined = new LinkedHashMap<>(first);
    second.forEach(
        (seq, o) ->
            joined.merge(
                seq,
                o,
                (a, b) -> DoubleStream.concat(Arrays.stream(a), Arrays.stream(b)).toArray()));
    return joined;
  }

  private static void assertClose(Map<Object, double[]> actual, Map<Object, double[]> expected) {
    assertThat(actual.keySet()).isEqualTo(expected.keySet());
    expected.forEach(
        (seq, o) -> {
          double scale = 1 + Arrays.stream(o).map(Math::abs).max().orElse(0);
          assertThat(actual.get(seq)).as("%s", seq).containsExactly(o, within(1e-5 * scale));
        });
  }

  static Stream<Arguments> types() {
    return Stream.of(
        Arguments.of(DataTypes.StringType, "a", "\u00fc\u4e2d"),
        Arguments.of(DataTypes.LongType, Long.MIN_VALUE, 7L),
        Arguments.of(DataTypes.DateType, Date.valueOf("1851-10-18"), Date.valueOf("2024-02-29")),
        Arguments.of(
            DataTypes.createDecimalType(30, 3),
            new BigDecimal("1.500"),
            new BigDecimal("123456789012345678901234567.001")),
        Arguments.of(DataTypes.BinaryType, new byte[] {-1, 0}, new byte[0]));
  }

  /** Integers in double, so that outputs are exact wherever runs end. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("types")
  void sequencesOfAnyTypeGoOn(DataType type, Object one, Object other) {
    AttentionSettings settings =
        AttentionSettings.builder(2, 3).precision(Precision.FLOAT64).build();
    TokenStream stream = TokenStream.integers(settings, 40, SEED);
    Attention states = TestJob.request(settings).withFinalStates();
    List<Row> before = new ArrayList<>(stream.slice(0, 25).rows(one, -3));
    before.addAll(stream.slice(0, 11).rows(other, 5));
    List<Row> after = new ArrayList<>(stream.slice(25, 40).rows(one, 22));
    after.addAll(stream.slice(11, 40).rows(other, 16));
    Attention.Result first = states.run(scattered(before, type).repartition(3));
    Dataset<Row> ends = first.finalStates();
    assertThat(ends.schema().apply("seq").dataType()).isEqualTo(type);
    String path = folder.resolve("states-" + type.typeName().replaceAll("\\W", "")).toString();
    ends.write().parquet(path);
    for (Dataset<Row> table :
        List.of(scattered(after, type), scattered(after, type).repartition(2))) {
      Map<Object, double[]> outputs =
          Bits.of(states.initialStates(spark.read().parquet(path)).attend(table));
      assertThat(outputs).hasSize(2);
      double[] all = stream.outputs();
      int width = settings.outputWidth();
      assertThat(outputs.get(key(one))).isEqualTo(Arrays.copyOfRange(all, 25 * width, all.length));
      assertThat(outputs.get(key(other)))
          .isEqualTo(Arrays.copyOfRange(all, 11 * width, all.length));
    }
  }

  private static Object key(Object value) {
    return value instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : value;
  }

  private Dataset<Row> scattered(List<Row> rows, DataType type) {
    return TokenFiles.partitioned(
        spark, TokenStream.schema(type), TokenFiles.scatter(rows, 3, SEED));
  }

  // --- Driver and executors ---

  static Stream<Arguments> operators() {
    return Operators.forms();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("operators")
  void executorsGiveTheBitsOfTheDriver(Operator operator, Form form) {
    AttentionSettings settings =
        AttentionSettings.builder(3, 2)
            .heads(2, 1)
            .decay(0.9)
            .operator(operator)
            .form(form)
            .build();
    Attention few =
        TestJob.request(settings)
            .inputOrder(InputOrder.STORED)
            .fanIn(3)
            .withFinalStates()
            .withPrefixes();
    Attention many = few.compute(few.compute().withDriverRuns(0).withDriverBytes(0));
    TokenStream stream = TokenStream.normal(settings, 130, SEED);
    Dataset<Row> before = outOfOrder(stream.slice(0, 60), 0, 0);
    Dataset<Row> after = outOfOrder(stream.slice(60, 130), 60, 17);
    Attention.Result first = few.run(before);
    assertThat(first.figures()).containsEntry(Figure.SCANNED_ON, "driver");
    assertSameResults(many.run(before), first);
    Dataset<Row> states = first.finalStates();
    assertSameResults(many.initialStates(states).run(after), few.initialStates(states).run(after));
    Bits.assertSame(
        Bits.of(outputsAlone(settings, true).attend(before)), Bits.of(first.outputs()), "attend");
    assertLocalTrees(many.run(before));
  }

  private static Attention outputsAlone(AttentionSettings settings, boolean executors) {
    Attention request = TestJob.request(settings).inputOrder(InputOrder.STORED).fanIn(3);
    return request.compute(request.compute().scannedOn(executors));
  }

  /**
   * The runs of two partitions are those of two halves, stored in another order; and a short one.
   */
  private Dataset<Row> outOfOrder(TokenStream stream, long start, long shortStart) {
    List<List<Row>> pieces = new ArrayList<>();
    List<Row> rows = stream.rows("long", start);
    for (List<List<Row>> half :
        List.of(
            TokenFiles.split(rows.subList(0, rows.size() / 2), 9),
            TokenFiles.split(rows.subList(rows.size() / 2, rows.size()), 6))) {
      List<Row> piece = new ArrayList<>();
      List<List<Row>> shuffled = new ArrayList<>(half);
      Collections.shuffle(shuffled, new Random(SEED));
      shuffled.forEach(piece::addAll);
      pieces.add(piece);
    }
    pieces.get(0).addAll(stream.slice(3, 20).rows("short", shortStart));
    return TokenFiles.partitioned(spark, TokenStream.SCHEMA, pieces);
  }

  /** Most runs follow one of their own partition, so trees are begun there. */
  private static void assertLocalTrees(Attention.Result result) {
    var figures = ((Attended) result).prepared().plan().figures();
    assertThat(2 * figures.neighbours()).isGreaterThan(figures.scanned());
    assertThat(result.figures()).containsEntry(Figure.SCANNED_ON, "executors");
  }

  private static void assertSameResults(Attention.Result actual, Attention.Result expected) {
    assertThat(actual.figures()).containsEntry(Figure.SCANNED_ON, "executors");
    Bits.assertSame(Bits.of(actual.outputs()), Bits.of(expected.outputs()), "outputs");
    assertThat(byName(actual.finalStates())).isEqualTo(byName(expected.finalStates()));
    assertThat(all(actual.prefixes())).isEqualTo(all(expected.prefixes())).isNotEmpty();
  }

  private static List<Row> all(Dataset<Row> states) {
    return states
        .selectExpr("seq", "next_pos", "tokens", "settings", "hex(state)")
        .orderBy("seq", "next_pos")
        .collectAsList();
  }
}
