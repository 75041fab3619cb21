package io.hla.algebra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every rule of the settings, with the name of its error and what it says. */
class AttentionSettingsTest {

  static Stream<Arguments> refused() {
    return Stream.of(
        bad("HLA_HEADS", "num-heads is 0, expected at least 1", b -> b.heads(0, 1)),
        bad("HLA_HEADS", "num-kv-heads is -1, expected at least 1", b -> b.heads(2, -1)),
        bad(
            "HLA_HEADS",
            "num-heads is 3, expected a multiple of num-kv-heads 2",
            b -> b.heads(3, 2)),
        bad(
            "HLA_HEADS",
            "num-heads is 2, expected a multiple of num-kv-heads 4",
            b -> b.heads(2, 4)),
        bad(
            "HLA_DECAY_COUNT",
            "decay has 3 values, expected 1 or one for each of 2 heads",
            b -> b.heads(2, 2).decay(List.of(1.0, 1.0, 1.0))),
        bad(
            "HLA_DECAY_COUNT",
            "decay has 0 values, expected 1 or one for each of 1 heads",
            b -> b.decay(List.of())),
        bad("HLA_DECAY_RANGE", "decay of head 0 is 0.0, expected (0, 1]", b -> b.decay(0)),
        bad(
            "HLA_DECAY_RANGE",
            "decay of head 1 is 1.5, expected (0, 1]",
            b -> b.heads(2, 2).decay(List.of(0.5, 1.5))),
        bad("HLA_DECAY_RANGE", "decay of head 0 is NaN, expected (0, 1]", b -> b.decay(Double.NaN)),
        bad(
            "HLA_OPTION_RANGE",
            "ridge is -0.5, expected a finite number from 0",
            b -> b.ridge(-0.5)),
        bad(
            "HLA_OPTION_RANGE",
            "ridge is Infinity, expected a finite number from 0",
            b -> b.ridge(Double.POSITIVE_INFINITY)),
        bad(
            "HLA_OPTION_RANGE",
            "epsilon is NaN, expected a finite number from 0",
            b -> b.epsilon(Double.NaN)),
        bad(
            "HLA_OPTION_RANGE",
            "epsilon is -1.0, expected a finite number from 0",
            b -> b.epsilon(-1)),
        bad(
            "HLA_OPTION_RANGE",
            "scale is -Infinity, expected a finite number",
            b -> b.scale(Double.NEGATIVE_INFINITY)),
        bad(
            "HLA_OPTION_NOT_APPLICABLE",
            "ridge 0.5 belongs to operator hla2 with mask causal, not to ahla with mask causal",
            b -> b.operator(Operator.AHLA).ridge(0.5)),
        bad(
            "HLA_OPTION_NOT_APPLICABLE",
            "ridge 0.5 belongs to operator hla2 with mask causal, not to hla2 with mask none",
            b -> b.mask(Mask.NONE).ridge(0.5)),
        bad(
            "HLA_OPTION_NOT_APPLICABLE",
            "form published belongs to hla2 and hla3 with mask causal, not to ahla with mask causal",
            b -> b.operator(Operator.AHLA).form(Form.PUBLISHED)),
        bad(
            "HLA_OPTION_NOT_APPLICABLE",
            "form published belongs to hla2 and hla3 with mask causal, not to hla3 with mask none",
            b -> b.operator(Operator.HLA3).mask(Mask.NONE).form(Form.PUBLISHED)));
  }

  private static Arguments bad(
      String condition, String message, UnaryOperator<AttentionSettings.Builder> set) {
    return Arguments.of(condition, message, set);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("refused")
  void areRefused(String condition, String message, UnaryOperator<AttentionSettings.Builder> set) {
    assertThatThrownBy(() -> set.apply(AttentionSettings.builder(4, 4)).build())
        .isInstanceOf(SettingsException.class)
        .hasMessage(message)
        .extracting(e -> ((SettingsException) e).condition())
        .isEqualTo(condition);
  }

  @Test
  void sizesAreAtLeastOne() {
    assertThatThrownBy(() -> AttentionSettings.builder(0, 4).build())
        .hasMessage("head-dim is 0, expected at least 1");
    assertThatThrownBy(() -> AttentionSettings.builder(4, 0).build())
        .hasMessage("value-dim is 0, expected at least 1");
  }

  /** Over all operators, masks and forms: the ones that exist, and where the ridge belongs. */
  @Test
  void theRidgeIsForHla2CausalAndPublishedForHla2AndHla3Causal() {
    for (Operator operator :
        List.of(Operator.LINEAR, Operator.HLA2, Operator.AHLA, Operator.HLA3, Operator.hla(4))) {
      for (Mask mask : Mask.values()) {
        for (Form form : Form.values()) {
          Variant variant = new Variant(operator, mask, form);
          boolean exists = Variant.all().contains(variant);
          assertThat(builds(variant.settings(2, 2))).as("%s", variant).isEqualTo(exists);
          assertThat(builds(variant.settings(2, 2).ridge(0.5)))
              .as("%s with ridge", variant)
              .isEqualTo(exists && operator.equals(Operator.HLA2) && mask == Mask.CAUSAL);
        }
      }
    }
  }

  private static boolean builds(AttentionSettings.Builder builder) {
    try {
      builder.build();
      return true;
    } catch (SettingsException e) {
      return false;
    }
  }

  @Test
  void oneDecayIsForAllHeads() {
    assertThat(AttentionSettings.builder(2, 2).heads(4, 2).decay(0.9).build().decay())
        .containsExactly(0.9, 0.9, 0.9, 0.9);
  }

  @Test
  void queryHeadsReadTheKeyValueHeadOfTheirGroup() {
    AttentionSettings settings = AttentionSettings.builder(2, 3).heads(6, 2).build();
    assertThat(Stream.of(0, 1, 2, 3, 4, 5).map(settings::kvHead)).containsExactly(0, 0, 0, 1, 1, 1);
    assertThat(settings.queryWidth()).isEqualTo(12);
    assertThat(settings.keyWidth()).isEqualTo(4);
    assertThat(settings.valueWidth()).isEqualTo(6);
    assertThat(settings.outputWidth()).isEqualTo(18);
  }

  @Test
  void statesThatFitNoArrayAreRefused() {
    AttentionSettings settings = AttentionSettings.builder(40_000, 40_000).build();
    assertThatThrownBy(() -> State.initial(settings))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("over 2^31 values");
  }
}
