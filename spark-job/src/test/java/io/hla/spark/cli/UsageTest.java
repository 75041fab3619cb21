package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What commands say before they start anything. */
class UsageTest {

  @BeforeAll
  static void withoutSpark() {
    TestSpark.stop();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "attend --help",
        "extract --help",
        "validate --help",
        "generate --help",
        "inspect --help"
      })
  void helpStartsNothing(String arguments) {
    CommandRun run = CommandRun.withoutSpark(arguments.split(" "));
    assertThat(run.code()).isZero();
    assertThat(run.out()).startsWith("Usage: submit.sh");
    assertThat(run.err()).isEmpty();
    assertThat(SparkSession.getDefaultSession().isEmpty()).isTrue();
  }

  @Test
  void anOperatorIsDescribedWithoutSpark() {
    String[] arguments = {
      "inspect", "--program", "u = LA(q, k, k); o = LA(q, u, v, g^2)", "--head-dim", "4"
    };
    CommandRun run = CommandRun.withoutSpark(arguments);
    assertThat(run.code()).isZero();
    assertThat(run.out())
        .contains("state of 1 head: u [4 x 4], o [4 x 4]", "scan step 1 of 1: 3 moments")
        .contains("o += rho_B A.u^T B.<q|v>1");
    run = CommandRun.withoutSpark("inspect", "--operator", "hla4", "--num-heads", "2");
    assertThat(run.out()).contains("scan step 2 of 2", "more than one step because of F");
    assertThat(SparkSession.getDefaultSession().isEmpty()).isTrue();
  }

  /** Columns: arguments, and what the message names. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "frobnicate | frobnicate",
        "attend | --output",
        "attend --output o | no input",
        "attend --output o --input i --text t | two inputs",
        "attend --output o --text t --model m | belong together",
        "attend --output o --input i --operator hla99 | operator is hla99, expected an order from 1 to",
        "attend --output o --input i --operator lha2 | operator is lha2, expected linear, hla2",
        "attend --output o --input i --operator ahla --program p | two operators",
        "attend --output o --text t --model m --vocab v --gate-col g | --gate-col belongs to --input",
        "attend --output o --input i --gate-scale square | square",
        "attend --output o --input i --gate-scale log | --gate-scale and --gate-col belong together",
        "attend --output o --input i --output-type half | half",
        "attend --output o --input i --decay x | x",
        "attend --output o --input i --num-heads 1.5 | 1.5",
        "attend --output o --input i --mode merge | merge",
        "attend --output o --input i --fan-in 1 | --fan-in is 1, expected at least 2",
        "attend --output o --input i --input-order random | random",
        "attend --output o --input i --on-nonfinite ignore | ignore",
        "attend --output o --input i --no-such-option | --no-such-option",
        "attend --output o --input i --range 5-9 | --prefixes",
        "attend --output o --input i --prefixes p --range 9-5 | 9-5",
        "attend --output o --input i --prefix-every 5 | --save-prefixes",
        "attend --input i | no output",
        "attend --output o --output-table t --input i | two outputs",
        "attend --output o --input i --input-table t | two inputs",
        "attend --output o --text t --model m --vocab v --where a | --where and --input-option belong",
        "attend --output o --input i --run-id ../o | --run-id is \"../o\"",
        "attend --output o --input i --final-state s --final-state-table t | two tables",
        "generate --output o | --tokens",
        "inspect | takes a PATH, or an --operator",
        "inspect tokens --operator hla2 | takes a PATH, or an --operator"
      })
  void usageErrorsStartNothing(String arguments, String named) {
    CommandRun run = CommandRun.withoutSpark(arguments.split(" "));
    assertThat(run.code()).as(run.err()).isEqualTo(2);
    assertThat(run.err()).contains(named);
    assertThat(SparkSession.getDefaultSession().isEmpty()).isTrue();
  }

  /** Settings that no attention can have, and names that no kernel has. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--decay 0 | HLA_DECAY_RANGE | decay of head 0 is 0.0, expected (0, 1]",
        "--num-heads 2 --decay 1,1.5 | HLA_DECAY_RANGE | decay of head 1 is 1.5, expected (0, 1]",
        "--num-heads 3 --decay 1,1 | HLA_DECAY_COUNT | decay has 2 values, expected 1 or one for each of 3",
        "--num-heads 3 --num-kv-heads 2 | HLA_HEADS | num-heads is 3, expected a multiple of num-kv-heads 2",
        "--num-heads 0 | HLA_HEADS | num-heads is 0, expected at least 1",
        "--ridge 1 --operator ahla | HLA_OPTION_NOT_APPLICABLE | ridge 1.0 belongs to operator hla2",
        "--form published --operator ahla | HLA_OPTION_NOT_APPLICABLE | not to ahla with mask causal",
        "--form published --mask none | HLA_OPTION_NOT_APPLICABLE | not to hla2 with mask none",
        "--epsilon -1 | HLA_OPTION_RANGE | epsilon is -1.0, expected a finite number from 0",
        "--scale NaN | HLA_OPTION_RANGE | scale is NaN, expected a finite number",
        "--output-type double --precision mixed | HLA_OPTION_NOT_APPLICABLE | output-type double belongs to precision float64, not to mixed",
        "--program o=LA(q,k,w) | HLA_PROGRAM | program has w at character 10, expected q, k, v",
        "--operator hla4 --ridge 1 | HLA_OPTION_NOT_APPLICABLE | ridge 1.0 belongs to operator hla2",
        "--operator ahla3 --mask none | HLA_OPTION_NOT_APPLICABLE | mask none belongs to linear",
        "--kernels fortran | HLA_KERNELS | fortran",
        "--isa mmx | HLA_INSTRUCTION_SET | mmx"
      })
  void settingsAreRefusedBeforeAnythingIsRead(String options, String condition, String message) {
    String arguments = "attend --input none --output none-out " + options;
    CommandRun run = CommandRun.withoutSpark(arguments.split(" "));
    assertThat(run.code()).as(run.err()).isEqualTo(3);
    assertThat(run.err()).startsWith("[" + condition + "] ").contains(message);
    assertThat(SparkSession.getDefaultSession().isEmpty()).isTrue();
  }
}
