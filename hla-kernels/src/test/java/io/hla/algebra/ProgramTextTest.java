package io.hla.algebra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs as text: what is read, and every mistake with its place. */
class ProgramTextTest {

  /** LA is linear in each signal: LA(q, a - b, a + b) is four of them. */
  @Test
  void sumsAreMultipliedOut() {
    Program program =
        ProgramText.parse(
                "a = LA(q, k, k) - 2 * LA(k, q, k); b = LA(q, k, v) + LA<(k, q, v); o = LA(q, a, b)")
            .build(new Program.Builder());
    assertThat(program.output())
        .extracting(Program.Term::coefficient)
        .containsExactly(1.0, 1.0, -2.0, -2.0);
    assertThat(program.matrices())
        .extracting(Program.Matrix::name)
        .startsWith("a", "a'", "b", "b'");
  }

  @Test
  void textIsMadeUniform() {
    assertThat(Operator.parse(" u=LA( q,k,k ,g^2) ;o = -LA<(q , u,v)+.5*LA(q,k,v);").text())
        .isEqualTo("u = LA(q, k, k, g^2); o = - LA<(q, u, v) + .5 * LA(q, k, v)");
    assertThat(Operator.parse("o=LA(q,k,v)")).isEqualTo(Operator.parse("o = LA(q, k, v)"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "o = LA(q, k)|has ) at character 12, expected ,",
        "o = LA(q, k, w)|has w at character 14, expected q, k, v",
        "u = LA(q, k, k); o = LA(q, w, v)|has w at character 28, expected q, k, v or one of [u]",
        "q = LA(q, k, v)|has q at character 1, expected a new name",
        "u = LA(q, k, k); u = LA(q, k, v)|has u at character 18, expected a new name",
        "o = LA(q, k, v|has the end at character 15, expected )",
        "o = LA(q, k, v, g^1.5)|has 1.5 at character 19, expected a power from 0 to 16",
        "o = LA(q, k, v, g^99)|has 99 at character 19, expected a power from 0 to 16",
        "o = LA(q, k, v, x)|has x at character 17, expected g",
        "o = q|has q at character 5, expected LA(..) or LA<(..)",
        "o = LA(q, v, v)|has v at character 11, expected a signal as wide as the one in front of it",
        "o = LA(q, k, k)|has the end at character 16, expected an output as wide as v: its last signal must come from v",
        "o = LA(q, k, v) + LA(q, k, k)|has LA at character 19, expected a term as wide as those in front of it",
        "o = LA(q, k, v) o|has o at character 17, expected ; or the end",
        "= LA(q, k, v)|has = at character 1, expected a name",
        "o = 1.2.3 * LA(q, k, v)|has 1.2.3 at character 5, expected a number",
        "o = 2 LA(q, k, v)|has LA at character 7, expected *"
      })
  void mistakesAreNamedWithTheirPlace(String text, String message) {
    assertThatThrownBy(() -> Operator.parse(text))
        .isInstanceOf(SettingsException.class)
        .hasMessage("program " + message + ": " + text);
  }

  /** Texts that would fill the stack, or the memory when sums are multiplied out. */
  @Test
  void programsThatGrowWithoutBoundAreRefused() {
    String deep = "o = " + "LA(".repeat(100_000);
    assertThatThrownBy(() -> Operator.parse(deep))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("at most 64 linear attentions inside each other");
    StringBuilder cubes = new StringBuilder("u0 = LA(q, k, k) + LA(q, k, k);");
    for (int i = 1; i < 9; i++) {
      cubes.append(String.format("u%d = LA(u%<d, u%<d, u%<d);".replace("%<d", "" + (i - 1)), i));
    }
    Operator many = Operator.parse(cubes + "o = LA(u8, k, v)");
    assertThatThrownBy(() -> Summary.steps(AttentionSettings.builder(2, 3).operator(many).build()))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("products of a linear attention 134217728, expected at most 4096");
  }

  @ParameterizedTest
  @CsvSource({"hla", "hla0", "ahla0", "hla11", "rwkv", "''", "HLA2", "hla-2"})
  void namesThatAreNoOperatorAreRefused(String name) {
    assertThatThrownBy(() -> Operator.parse(name))
        .isInstanceOf(SettingsException.class)
        .extracting(e -> ((SettingsException) e).condition())
        .isEqualTo("HLA_OPERATOR");
  }

  @Test
  void orderOneIsLinear() {
    assertThat(Operator.hla(1)).isEqualTo(Operator.LINEAR);
    assertThat(Operator.parse("ahla1")).isEqualTo(Operator.LINEAR);
    assertThat(Operator.parse("ahla2")).isEqualTo(Operator.AHLA);
  }

  /** A column of ones can only follow v through what is linear in it. */
  @Test
  void whatReadsByValuesCannotBeNormalized() {
    Operator operator = Operator.program("o = LA(LA(q, k, v), v, v)");
    assertThat(AttentionSettings.builder(2, 3).operator(operator).build()).isNotNull();
    assertThatThrownBy(
            () ->
                State.initial(
                    AttentionSettings.builder(2, 3).operator(operator).normalize(true).build()))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("normalize needs an operator that is linear in v");
  }
}
