package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.spark.Operators;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A stream in two jobs is the stream in one. */
class StateCommandTest {
  private static final long SEED = 21;
  private static final int TOKENS = 23;
  private static final int CUT = 14;

  @TempDir Path folder;

  static Stream<Arguments> variants() {
    return Operators.variants(Operators.all());
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("variants")
  void twoJobsGiveWhatOneGives(Operator operator, Mask mask, Form form) {
    AttentionSettings settings =
        AttentionSettings.builder(3, 2)
            .operator(operator)
            .mask(mask)
            .form(form)
            .precision(Precision.FLOAT64)
            .build();
    TokenStream integers = TokenStream.integers(settings, TOKENS, SEED);
    TokenStream normal = TokenStream.normal(settings, TOKENS, SEED);
    List<List<Row>> first = new ArrayList<>();
    first.addAll(TokenFiles.split(integers.slice(0, CUT).rows("integers", -7), 2));
    first.addAll(TokenFiles.split(normal.slice(0, CUT).rows("normal", 0), 3));
    first.addAll(TokenFiles.split(normal.rows("only first", 0), 1));
    List<List<Row>> second = new ArrayList<>();
    second.addAll(TokenFiles.split(integers.slice(CUT, TOKENS).rows("integers", CUT - 7), 3));
    second.addAll(TokenFiles.split(normal.slice(CUT, TOKENS).rows("normal", CUT), 1));
    second.addAll(TokenFiles.split(integers.rows("only second", 0), 2));
    String[] options = {
      "--operator=" + operator,
      "--mask=" + mask,
      "--form=" + form,
      "--precision=float64",
      "--output-type=double"
    };

    attend("a", first, with(options, "--final-state", folder + "/a-state")).done();
    attend(
            "b",
            second,
            with(
                options,
                "--initial-state",
                folder + "/a-state",
                "--final-state",
                folder + "/b-state"))
        .done();

    Map<Object, double[]> outputs = outputs("a", "b");
    assertThat(outputs.get("integers")).as("seed %d", SEED).isEqualTo(integers.outputs());
    assertThat(outputs.get("only second")).as("seed %d", SEED).isEqualTo(integers.outputs());
    double[] expected = normal.outputs();
    double largest = Arrays.stream(expected).map(Math::abs).max().getAsDouble();
    double error = 0;
    for (int i = 0; i < expected.length; i++) {
      error = Math.max(error, Math.abs(outputs.get("normal")[i] - expected[i]));
    }
    assertThat(error / largest).as("seed %d", SEED).isLessThan(1e-12);

    Map<String, Row> before = states("a-state");
    Map<String, Row> after = states("b-state");
    assertThat(before).containsOnlyKeys("integers", "normal", "only first");
    assertThat(after).containsOnlyKeys("integers", "normal", "only first", "only second");
    assertThat(state(after.get("only first"))).isEqualTo(state(before.get("only first")));
    assertThat(after.get("integers").getLong(1)).isEqualTo(TOKENS - 7);
    assertThat(after.get("integers").getLong(2)).isEqualTo(TOKENS);
    assertThat(before.get("integers").getLong(1)).isEqualTo(CUT - 7);
  }

  /** The state of every type of key finds its sequence again. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "bigint",
        "boolean",
        "decimal(20,3)",
        "date",
        "timestamp",
        "timestamp_ntz",
        "binary",
        "interval day to second"
      })
  void statesFindTheirSequence(String type) {
    AttentionSettings settings =
        AttentionSettings.builder(2, 2).precision(Precision.FLOAT64).build();
    TokenStream stream = TokenStream.integers(settings, 8, SEED);
    String key =
        switch (type) {
          case "date" -> "date'2024-02-29'";
          case "timestamp" -> "timestamp'2024-02-29 12:34:56.789012'";
          case "timestamp_ntz" -> "timestamp_ntz'2024-02-29 12:34:56.789012'";
          case "interval day to second" -> "interval '3 04:05:06.789' day to second";
          case "binary" -> "x'ff00'";
          default -> "cast(1 as " + type + ")";
        };
    for (int part = 0; part < 2; part++) {
      TestSpark.newSession()
          .createDataFrame(
              stream.slice(4 * part, 4 * part + 4).rows("s", 4 * part), TokenStream.SCHEMA)
          .selectExpr(key + " seq", "pos", "q", "k", "v")
          .write()
          .parquet(folder + "/in" + part);
    }
    run("attend --precision float64 --output-type double --input in0 --output out0 --final-state state")
        .done();
    run("attend --precision float64 --output-type double --input in1 --output out1 --initial-state state")
        .done();
    Map<Object, double[]> outputs =
        TestJob.bySequence(
            TestSpark.newSession()
                .read()
                .parquet(folder + "/out0", folder + "/out1")
                .selectExpr("'s' seq", "pos", "o"));
    assertThat(outputs.get("s")).as("seed %d", SEED).isEqualTo(stream.outputs());
  }

  @Test
  void rangesStartFromTheNearestPrefix() {
    AttentionSettings settings =
        AttentionSettings.builder(2, 2).precision(Precision.FLOAT64).build();
    TokenStream a = TokenStream.integers(settings, TOKENS, SEED);
    TokenStream b = TokenStream.integers(settings, TOKENS, SEED + 1);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(a.rows("a", -5), 2));
    pieces.addAll(TokenFiles.split(b.rows("b", -5), 3));
    attend(
            "in",
            pieces,
            "--precision=float64",
            "--output-type=double",
            "--save-prefixes=" + folder + "/p",
            "--prefix-every=4")
        .done();
    assertThat(outputs("in").get("a")).as("seed %d", SEED).isEqualTo(a.outputs());
    for (int[] range : new int[][] {{-5, 17}, {-5, -5}, {-1, 3}, {4, 4}, {7, 17}}) {
      String options = String.format("--prefixes p --range b:%d-%d", range[0], range[1]);
      run("attend --precision float64 --output-type double --input in-tokens --output part --mode overwrite "
              + options)
          .done();
      Map<Object, double[]> outputs = outputs("part");
      assertThat(outputs).containsOnlyKeys("b");
      int width = settings.outputWidth();
      assertThat(outputs.get("b"))
          .as("positions %d to %d, seed %d", range[0], range[1], SEED)
          .isEqualTo(
              Arrays.copyOfRange(b.outputs(), (range[0] + 5) * width, (range[1] + 6) * width));
    }
    CommandRun beyond =
        run(
            "attend --precision float64 --output-type double --input in-tokens --output x --prefixes p --range b:9-18");
    assertThat(beyond.code()).isEqualTo(3);
    assertThat(beyond.err())
        .contains("[HLA_RANGE_MISSING] the range ends at position 18, the tokens at 17");
    CommandRun before =
        run(
            "attend --precision float64 --output-type double --input in-tokens --output x --prefixes p --range b:-6-1");
    assertThat(before.code()).isEqualTo(3);
    assertThat(before.err()).contains("[HLA_RANGE_PREFIX]", "position -6");
    assertThat(folder.resolve("x")).doesNotExist();
  }

  /** Runs the command on files with these rows; outputs go to the folder {@code name}. */
  private CommandRun attend(String name, List<List<Row>> pieces, String... options) {
    SparkSession spark = TestSpark.newSession();
    Path tokens = folder.resolve(name + "-tokens");
    TokenFiles.write(spark, TokenStream.SCHEMA, TokenFiles.shuffled(pieces, SEED), tokens);
    List<String> arguments =
        new ArrayList<>(
            List.of("attend", "--input", tokens.toString(), "--output", folder + "/" + name));
    arguments.addAll(List.of(options));
    return CommandRun.of(arguments.toArray(String[]::new));
  }

  /** A command whose paths lie in the folder. */
  private CommandRun run(String command) {
    List<String> arguments = new ArrayList<>();
    String option = "";
    for (String word : command.split(" ")) {
      boolean path =
          List.of("--input", "--output", "--final-state", "--initial-state", "--prefixes")
              .contains(option);
      arguments.add(path ? folder.resolve(word).toString() : word);
      option = word;
    }
    return CommandRun.of(arguments.toArray(String[]::new));
  }

  private static String[] with(String[] options, String... more) {
    return Stream.concat(Stream.of(options), Stream.of(more)).toArray(String[]::new);
  }

  private Map<Object, double[]> outputs(String... names) {
    String[] paths = Stream.of(names).map(name -> folder + "/" + name).toArray(String[]::new);
    return TestJob.bySequence(
        TestSpark.newSession().read().parquet(paths).where("seq != 'only first'"));
  }

  private Map<String, Row> states(String name) {
    Map<String, Row> states = new HashMap<>();
    for (Row row :
        TestSpark.newSession()
            .read()
            .parquet(folder + "/" + name)
            .select("seq", "next_pos", "tokens", "state")
            .collectAsList()) {
      assertThat(states.put(row.getString(0), row)).isNull();
    }
    return states;
  }

  private static byte[] state(Row row) {
    return row.getAs(3);
  }
}
