package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention and its states in SQL. */
@Timeout(300)
class SqlFunctionsTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(4, 4).heads(2, 1).decay(List.of(0.95, 1.0)).build();
  private static final String HEADS = "num_heads => 2, num_kv_heads => 1, ";
  private static final String OPTIONS = HEADS + "decay => array(0.95, 1), output_type => 'double'";
  private static final int TOKENS = 90;
  private static final long SEED = 5;

  @TempDir static Path folder;

  private static SparkSession spark;
  private static Map<Object, double[]> expected;

  @BeforeAll
  static void open() {
    TestSpark.stop();
    spark =
        TestSpark.configured(
            SparkSession.builder()
                .master("local[2]")
                .appName("tests")
                .config("spark.ui.enabled", false)
                .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
                .getOrCreate());
    TokenStream stream = TokenStream.normal(SETTINGS, TOKENS, SEED);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(stream.rows("a", -7), 4));
    pieces.addAll(TokenFiles.split(stream.slice(10, 60).rows("b", 3), 2));
    view("tokens", pieces);
    TokenStream integers = TokenStream.integers(SETTINGS.withSizes(4, 4), 40, SEED);
    view("integers", TokenFiles.split(integers.rows("i", 100), 7));
    expected = Bits.of(TestJob.request(SETTINGS).attend(spark.table("tokens")));
  }

  private static void view(String name, List<List<Row>> pieces) {
    Path path = folder.resolve(name);
    TokenFiles.write(spark, TokenStream.SCHEMA, TokenFiles.shuffled(pieces, SEED), path);
    spark.read().parquet(path.toString()).createOrReplaceTempView(name);
    spark.sql("CREATE TABLE stored_" + name + " USING parquet LOCATION '" + path + "'");
  }

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  private static Dataset<Row> attention(String table) {
    return spark.sql("SELECT * FROM hla_attention(" + table + ", " + OPTIONS + ")");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TABLE(tokens)",
        "tokens => TABLE(tokens)",
        "TABLE(tokens) PARTITION BY seq ORDER BY pos",
        "TABLE(tokens) PARTITION BY tokens.SEQ ORDER BY pos ASC",
        "TABLE(SELECT pos, k, v, q, seq FROM tokens WHERE pos < 1000)",
        "TABLE(WITH c AS (SELECT * FROM tokens) SELECT * FROM c)",
        "TABLE(stored_tokens)"
      })
  void tablesOfAllKinds(String table) {
    Bits.assertSame(Bits.of(attention(table)), expected, table);
  }

  @Test
  void attentionWhereverAQueryHasATable() {
    String call = "hla_attention(TABLE(tokens), " + OPTIONS + ")";
    spark.sql("CREATE OR REPLACE TEMP VIEW attended AS SELECT * FROM " + call);
    same("temporary view", "SELECT * FROM attended");
    spark.sql("CREATE OR REPLACE TEMP VIEW above AS SELECT * FROM tokens");
    spark.sql(
        "CREATE OR REPLACE TEMP VIEW over_views AS SELECT * FROM hla_attention(TABLE(above), "
            + OPTIONS
            + ")");
    same("view over views", "SELECT * FROM over_views");
    same(
        "common table expression",
        "WITH c AS (SELECT * FROM tokens) SELECT * FROM hla_attention(TABLE(c), " + OPTIONS + ")");
    same(
        "common table expression that is read twice",
        "WITH c AS (SELECT seq, pos, q, k, v FROM tokens) SELECT o.* FROM hla_attention(TABLE(c), "
            + OPTIONS
            + ") o JOIN c ON o.seq = c.seq AND o.pos = c.pos");
    spark.sql("CREATE TABLE written AS SELECT * FROM " + call);
    same("CREATE TABLE AS", "SELECT * FROM written");
    spark.sql("INSERT OVERWRITE written SELECT * FROM " + call);
    same("INSERT", "SELECT * FROM written");
    same(
        "union",
        "SELECT * FROM attended WHERE seq = 'a' UNION ALL SELECT * FROM attended WHERE seq = 'b'");
    spark.sql("CACHE TABLE kept AS SELECT * FROM " + call);
    same("CACHE TABLE AS", "SELECT * FROM kept");
    spark.sql("UNCACHE TABLE kept");
    assertThat(
            spark
                .sql("SELECT count(*) FROM tokens WHERE pos IN (SELECT pos FROM " + call + ")")
                .head()
                .getLong(0))
        .isEqualTo(140);
  }

  private static void same(String what, String query) {
    Bits.assertSame(Bits.of(spark.sql(query)), expected, what);
  }

  /** Whoever reads such a view has the functions, or is told that they are missing. */
  @Test
  void aViewOfTheCatalog() {
    spark.sql(
        "CREATE VIEW lasting AS SELECT * FROM hla_attention(TABLE(stored_tokens), "
            + OPTIONS
            + ")");
    same("view of the catalog", "SELECT * FROM lasting");
  }

  @Test
  void nothingRunsBeforeTheRowsAreAskedFor() {
    try (JobLog log = JobLog.of(spark)) {
      Dataset<Row> attended = attention("TABLE(tokens)");
      attended.schema();
      attended.explain(true);
      attended.createOrReplaceTempView("lazy");
      spark.sql("DESCRIBE QUERY SELECT * FROM lazy").collectAsList();
      spark.sql("SELECT * FROM hla_final_states(TABLE(tokens), " + OPTIONS + ")").schema();
      assertThat(log.jobs()).isEmpty();
      attended.count();
      assertThat(log.jobs()).isNotEmpty();
    }
  }

  /** A value for every option, as SQL writes it and as {@link AttentionOption#set} takes it. */
  private static Map.Entry<String, Object> value(AttentionOption option) {
    return switch (option) {
      case OPERATOR -> Map.entry("'AHLA'", "ahla");
      case PROGRAM -> Map.entry("'o = LA(q, k, v)'", "o = LA(q, k, v)");
      case MASK -> Map.entry("'none'", "none");
      case FORM -> Map.entry("'published'", "published");
      case NUM_HEADS, NUM_KV_HEADS -> Map.entry("1 + 0", 1);
      case HEAD_DIM, VALUE_DIM -> Map.entry("4", 4);
      case DECAY -> Map.entry("0.5", new double[] {0.5});
      case RIDGE -> Map.entry("0.25D", 0.25);
      case NORMALIZE -> Map.entry("true", true);
      case EPSILON -> Map.entry("1e-3", 1e-3);
      case SCALE -> Map.entry("2", 2.0);
      case FEATURE_MAP -> Map.entry("'elu1'", "elu1");
      case PRECISION -> Map.entry("'mixed'", "mixed");
      case OUTPUT_TYPE -> Map.entry("'double'", "double");
      case SEQUENCE -> Map.entry("'SEQ'", "SEQ");
      case POSITION -> Map.entry("'pos'", "pos");
      case QUERY -> Map.entry("'k'", "k");
      case KEY -> Map.entry("'v'", "v");
      case VALUE -> Map.entry("'k'", "k");
      case GATE -> Map.entry("'g'", "g");
      case GATE_SCALE -> Map.entry("'log'", "log");
      case KEEP -> Map.entry("array('q', 'v')", new String[] {"q", "v"});
      case OUTPUT_COLUMN -> Map.entry("'attended'", "attended");
      case REQUIRE_STATE -> Map.entry("false", false);
      case INPUT_ORDER -> Map.entry("'sort'", "sort");
      case CUT_EVERY -> Map.entry("16", 16L);
      case ON_NONFINITE -> Map.entry("'propagate'", "propagate");
      case FAN_IN -> Map.entry("3", 3);
      case KERNELS -> Map.entry("'java'", "java");
      case ISA -> Map.entry("'baseline'", "baseline");
    };
  }

  /** One head of width 4, so that every option goes with the tokens. */
  @ParameterizedTest
  @EnumSource(AttentionOption.class)
  void everyOptionHasItsName(AttentionOption option) {
    String one = "SELECT seq, pos, slice(q, 1, 4) q, k, v, array(0.5D) g FROM tokens";
    String further = option == AttentionOption.VALUE_DIM ? ", head_dim => 4" : "";
    Attention request = option.set(Attention.hla2(), value(option).getValue());
    Dataset<Row> sql =
        spark.sql(
            String.format(
                "SELECT * FROM hla_attention(TABLE(%s), %s => %s%s)",
                one, option.key(), value(option).getKey(), further));
    Dataset<Row> java = request.attend(spark.sql(one));
    assertThat(sql.schema()).isEqualTo(java.schema());
    assertThat(texts(sql)).isEqualTo(texts(java)).hasSize(140);
  }

  private static List<String> texts(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(Row::toString).sorted().toList();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "TABLE(tokens), num_haeds => 2 | UNRECOGNIZED_PARAMETER_NAME",
        "TABLE(tokens), num_heads => 2, num_heads => 2 |"
            + " DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.DOUBLE_NAMED_ARGUMENT_REFERENCE",
        "num_heads => 2 | REQUIRED_PARAMETER_NOT_FOUND",
        "TABLE(nowhere) | TABLE_OR_VIEW_NOT_FOUND",
        "TABLE(tokens), num_heads => 'two' | HLA_OPTION_TYPE",
        "TABLE(tokens), num_heads => 2.5 | HLA_OPTION_TYPE",
        "TABLE(tokens), num_heads => (SELECT 2) | HLA_OPTION_TYPE",
        "TABLE(tokens), decay => array(0.5, null) | HLA_OPTION_TYPE",
        "TABLE(tokens), decay => 'x' | HLA_OPTION_TYPE",
        "TABLE(tokens), decay => 1.5 | HLA_DECAY_RANGE",
        "TABLE(tokens), initial_state => 'states' | HLA_OPTION_TYPE",
        "1, num_heads => 2 | HLA_OPTION_TYPE",
        "TABLE(tokens), mask => 'causl' | HLA_OPTION_VALUE",
        "TABLE(tokens), operator => 'hla99' | HLA_OPERATOR",
        "TABLE(tokens), operator => 'hla2', program => 'o = LA(q, k, v)' | HLA_OPTION_CONFLICT",
        "TABLE(tokens) PARTITION BY seq, sequence => 'seq' | HLA_OPTION_CONFLICT",
        "TABLE(tokens) PARTITION BY (seq, pos) | HLA_TABLE_CLAUSE",
        "TABLE(tokens) PARTITION BY upper(seq) | HLA_TABLE_CLAUSE",
        "TABLE(tokens) PARTITION BY seq ORDER BY pos DESC | HLA_TABLE_CLAUSE",
        "TABLE(tokens) PARTITION BY sequence | HLA_INPUT_COLUMN",
        "TABLE(tokens), key => 'kk' | HLA_INPUT_COLUMN",
        "TABLE(tokens), key => 'pos' | HLA_INPUT_TYPE",
        "TABLE(tokens), keep => 'k', output_column => 'k' | HLA_OUTPUT_COLUMN",
        "TABLE(tokens), initial_state => TABLE(tokens) | HLA_STATE_TABLE"
      })
  void whatIsWrongIsSaidBeforeAnythingRuns(String arguments, String condition) {
    try (JobLog log = JobLog.of(spark)) {
      assertThatThrownBy(() -> spark.sql("SELECT * FROM hla_attention(" + arguments + ")"))
          .isInstanceOfSatisfying(
              SparkThrowable.class,
              refused -> assertThat(refused.getCondition()).isEqualTo(condition));
      assertThat(log.jobs()).isEmpty();
    }
  }

  @Test
  void errorsOfRowsKeepTheirNames() {
    Dataset<Row> gap =
        spark.sql(
            "SELECT * FROM hla_attention(TABLE(SELECT * FROM tokens WHERE pos <> 4), "
                + OPTIONS
                + ")");
    assertThatThrownBy(gap::collectAsList)
        .isInstanceOfSatisfying(
            InputException.class,
            refused -> {
              assertThat(refused.getCondition()).isEqualTo("HLA_INPUT_GAP");
              assertThat(refused)
                  .hasToString(
                      "io.hla.spark.InputException: [HLA_INPUT_GAP] " + refused.getMessage());
            });
  }

  @Test
  void aTableOfOneSequence() {
    Dataset<Row> one =
        spark.sql(
            "SELECT 'a' seq, pos, o FROM hla_attention(TABLE(SELECT * FROM tokens WHERE seq = 'a')"
                + " WITH SINGLE PARTITION ORDER BY pos, "
                + OPTIONS
                + ")");
    assertThat(Bits.of(one).get("a")).isEqualTo(expected.get("a"));
  }

  /** The second half goes on from the states behind the first. */
  @Test
  void statesGoOnInSql() {
    String options = HEADS + "decay => 1, output_type => 'double'";
    String whole = "SELECT * FROM hla_attention(TABLE(integers), " + options + ")";
    spark.sql(
        "CREATE TABLE states AS SELECT * FROM hla_final_states("
            + "TABLE(SELECT * FROM integers WHERE pos < 117), "
            + options
            + ")");
    assertThat(spark.table("states").select("seq", "next_pos", "tokens").collectAsList())
        .hasToString("[[i,117,17]]");
    Map<Object, double[]> behind =
        Bits.of(
            spark.sql(
                "SELECT * FROM hla_attention(TABLE(SELECT * FROM integers WHERE pos >= 117),"
                    + " initial_state => TABLE(states), require_state => true, "
                    + options
                    + ")"));
    double[] all = Bits.of(spark.sql(whole)).get("i");
    assertThat(behind.get("i")).isEqualTo(Arrays.copyOfRange(all, 17 * 8, all.length));
    Dataset<Row> prefixes =
        spark.sql(
            "SELECT next_pos, tokens, state IS NULL FROM hla_prefix_states(TABLE(integers),"
                + options
                + ") ORDER BY next_pos");
    assertThat(prefixes.count()).isEqualTo(7);
    assertThat(prefixes.head()).hasToString("[100,0,true]");
  }

  /** Integers, so that all brackets give the same bits: whatever the pieces, one state. */
  @Test
  void summariesMergeToTheStateBehindThem() {
    String options = HEADS + "decay => 1";
    spark
        .sql("SELECT * FROM hla_summaries(TABLE(integers), " + options + ")")
        .createOrReplaceTempView("summaries");
    assertThat(
            spark
                .sql(
                    "SELECT count(*), min(start_pos), max(next_pos), sum(next_pos - start_pos)"
                        + " FROM summaries")
                .head())
        .hasToString("[7,100,140,40]");
    spark.sql(
        "CREATE OR REPLACE TEMP VIEW finals AS SELECT * FROM hla_final_states(TABLE(integers), "
            + options
            + ")");
    Dataset<Row> states =
        spark.sql(
            "SELECT hla_state_advance(NULL, merged) = state,"
                + " hla_state_info(merged).kind, hla_state_info(state).tokens,"
                + " hla_state_info(state).settings['num-heads'], hla_state_info(state).matrices[0]"
                + " FROM finals JOIN (SELECT seq,"
                + " hla_state_merge(collect_list(struct(start_pos, next_pos, summary))) merged"
                + " FROM summaries GROUP BY seq) USING (seq)");
    assertThat(states.head()).hasToString("[true,summary,40,2,S]");
    // From a state in the middle, by the summaries behind it.
    Dataset<Row> advanced =
        spark.sql(
            "SELECT hla_state_advance(p.state, m.merged) = f.state FROM finals f, (SELECT state,"
                + " next_pos FROM hla_prefix_states(TABLE(integers), "
                + options
                + ") WHERE state IS NOT NULL) p, LATERAL (SELECT"
                + " hla_state_merge(collect_list(struct(start_pos, next_pos, summary))) merged FROM"
                + " summaries s WHERE s.start_pos >= p.next_pos) m");
    assertThat(advanced.collectAsList()).hasSize(6).allMatch(row -> row.getBoolean(0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hla_state_merge(collect_list(struct(start_pos, next_pos, summary))) FROM summaries"
            + " WHERE start_pos <> 101 | HLA_STATE_SEGMENTS",
        "hla_state_merge(collect_list(struct(start_pos, next_pos + 1, summary))) FROM summaries"
            + " | HLA_STATE_SEGMENTS",
        "hla_state_info(X'00') | HLA_STATE_DAMAGED",
        "hla_state_advance(summary, summary) FROM summaries | HLA_STATE_DAMAGED",
        "hla_state_info(1) | DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        "hla_state_info() | WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
        "hla_state_merge(array(1)) | DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE"
      })
  void statesThatCannotBeAreRefused(String expression, String condition) {
    spark
        .sql("SELECT * FROM hla_summaries(TABLE(integers), " + HEADS + "decay => 1)")
        .createOrReplaceTempView("summaries");
    assertThatThrownBy(() -> spark.sql("SELECT " + expression).collectAsList())
        .satisfies(
            thrown -> {
              Throwable at = thrown;
              while (at.getCause() != null && !(at instanceof InputException)) {
                at = at.getCause();
              }
              assertThat(((SparkThrowable) at).getCondition()).isEqualTo(condition);
            });
  }

  @Test
  void summariesThatDependOnWhatStandsInFrontAreRefused() {
    assertThatThrownBy(
            () -> spark.sql("SELECT * FROM hla_summaries(TABLE(integers), operator => 'hla4')"))
        .hasMessageContaining("summaries of hla4 depend on what stands in front of them");
  }

  @Test
  void theFunctionsDescribeThemselves() {
    assertThat(spark.sql("SELECT hla_version()").head().getString(0))
        .matches("\\d+\\.\\d+\\.\\d+(-SNAPSHOT)?");
    String described = texts(spark.sql("DESCRIBE FUNCTION EXTENDED hla_attention")).toString();
    for (AttentionOption option : AttentionOption.values()) {
      assertThat(described).contains("* " + option.key() + " " + option.type().simpleString());
    }
    assertThat(texts(spark.sql("SHOW FUNCTIONS LIKE 'hla_*'")))
        .hasSize(10)
        .allMatch(name -> name.startsWith("[hla_"));
  }
}
