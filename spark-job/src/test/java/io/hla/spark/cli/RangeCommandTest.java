package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prefixes of runs, and stretches that are computed from them alone. */
class RangeCommandTest {
  private static final String SIZES = "--num-heads 2 --num-kv-heads 1";

  @TempDir Path folder;

  @BeforeEach
  void makeTokens() {
    run("generate --tokens 400 --sequences 2 --head-dim 3 --value-dim 2 --distribution integer"
            + " --partitions 3 --output tokens "
            + SIZES)
        .done();
  }

  @ParameterizedTest
  @ValueSource(strings = {"hla2", "ahla", "hla3", "hla3 --form published", "linear"})
  void aRangeHasTheOutputsOfTheWhole(String operator) {
    String options =
        "--precision float64 --output-type double --operator " + operator + " " + SIZES;
    run("attend --input tokens --output all --save-prefixes prefixes --prefix-every 40 " + options)
        .done();
    run("attend --input tokens --output part --prefixes prefixes --range 1:97-131 " + options)
        .done();
    List<Row> whole =
        read("all").where("seq = 1 and pos between 97 and 131").orderBy("pos").collectAsList();
    assertThat(read("part").orderBy("pos").collectAsList()).hasSize(35).isEqualTo(whole);
  }

  @Test
  void onlyTokensFromTheNearestPrefixOnAreRead() {
    run("attend --input tokens --output all --save-prefixes prefixes --prefix-every 40 " + SIZES)
        .done();
    run("attend --input tokens --output part --prefixes prefixes --range 1:97-131 --report r.json "
            + SIZES)
        .done();
    // Prefixes stand at 80, 120, ...: positions 80 to 131 are needed.
    assertThat(run("inspect r.json").done().out()).containsPattern("tokens +52\n");
  }

  @Test
  void aRangePastTheEndIsRefused() {
    run("attend --input tokens --output all --save-prefixes prefixes " + SIZES).done();
    CommandRun past =
        run("attend --input tokens --output part --prefixes prefixes --range 1:190-200 " + SIZES);
    assertThat(past.code()).isEqualTo(3);
    assertThat(past.err())
        .contains("[HLA_RANGE_MISSING] the range ends at position 200, the tokens at 199");
    CommandRun other =
        run("attend --input tokens --output part --prefixes prefixes --range 7:1-2 " + SIZES);
    assertThat(other.err()).contains("[HLA_RANGE_PREFIX]").contains("\"7\"");
    assertThat(folder.resolve("part")).doesNotExist();
  }

  @Test
  void aSequenceThatTheColumnCannotHaveIsRefused() {
    run("attend --input tokens --output all --save-prefixes prefixes --prefix-every 40 " + SIZES)
        .done();
    CommandRun run =
        run("attend --input tokens --output part --prefixes prefixes --range abc:0-5 " + SIZES);
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err())
        .contains(
            "[HLA_RANGE_SEQUENCE] --range names sequence \"abc\", expected a value of type bigint");
    assertThat(run("attend --input tokens --output part --range 0:1 " + SIZES).code()).isEqualTo(2);
    String huge = "attend --input tokens --output part --range 0:1-99999999999999999999 ";
    assertThat(run(huge + SIZES).code()).isEqualTo(2);
  }

  @Test
  void prefixesOfOtherSettingsAreRefused() {
    run("attend --input tokens --output all --save-prefixes prefixes --prefix-every 40 " + SIZES)
        .done();
    CommandRun other =
        run(
            "attend --input tokens --output part --prefixes prefixes --range 1:97-99 --decay 0.5 "
                + SIZES);
    assertThat(other.code()).isEqualTo(3);
    assertThat(other.err())
        .contains("[HLA_STATE_SETTINGS]")
        .contains("decay is [1.0, 1.0], expected [0.5, 0.5]");
  }

  @Test
  void inspectDescribesTokensAndPrefixes() {
    run("attend --input tokens --output all --save-prefixes prefixes --prefix-every 100 " + SIZES)
        .done();
    assertThat(run("inspect tokens").done().out())
        .contains("400 tokens in 2 sequences")
        .containsPattern("sequence 1 +first 0 +last 199");
    assertThat(run("inspect prefixes").done().out())
        .containsPattern("sequence 0 +next 0 +tokens 0 +nothing in front")
        .containsPattern("sequence 1 +next 100 +tokens 100 +[\\d,]+ bytes, matrices \\[S, F]");
  }

  /** As many tokens as positions, of which one is there twice and one is not. */
  @Test
  void inspectFindsAGapBehindARowTooMany() {
    read("tokens")
        .selectExpr("seq", "if(seq = 1 and pos = 7, 8, pos) as pos", "q", "k", "v")
        .write()
        .parquet(folder.resolve("part").toString());
    assertThat(run("inspect part --pos-col POS --seq-col Seq").done().out())
        .containsPattern("sequence 0 +first 0 +last 199 *\n")
        .containsPattern(
            "sequence 1 +first 0 +last 199 +1 of 200 positions missing, 1 tokens more than positions");
  }

  private Dataset<Row> read(String table) {
    return TestSpark.open().read().parquet(folder.resolve(table).toString());
  }

  /** Runs a command whose table names are folders of this test. */
  private CommandRun run(String line) {
    List<String> arguments = new ArrayList<>(Arrays.asList(line.split(" +")));
    List<String> tables = List.of("tokens", "all", "part", "prefixes", "r.json");
    arguments.replaceAll(word -> tables.contains(word) ? folder.resolve(word).toString() : word);
    return CommandRun.of(arguments.toArray(String[]::new));
  }
}
