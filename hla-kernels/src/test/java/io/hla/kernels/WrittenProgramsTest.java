package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Operators written out as programs give the bits that they give by name. */
class WrittenProgramsTest {

  static List<Arguments> written() {
    Map<String, String> texts =
        Map.of(
            "linear", "o = LA(q, k, v)",
            "hla2", "u=LA(q,k,k);o=LA(q,u,v,g^2);",
            "ahla", "r = LA(q, k, v); o = LA(q, k, r, g)",
            "hla3", "o = LA(q, LA(q, k, k), LA(q, k, v), g^3)",
            "ahla3", "r = LA(q, k, v); r2 = LA(q, k, r); o = LA(q, k, r2)",
            "hla4", "u = LA(q, k, k); x = LA(q, u, v, g^2); o = LA(q, u, x, g^4)");
    return texts.entrySet().stream().map(e -> Arguments.of(e.getKey(), e.getValue())).toList();
  }

  @ParameterizedTest
  @MethodSource("written")
  void operatorsWrittenOutGiveTheSameBits(String name, String text) {
    AttentionSettings named = settings(Operator.parse(name));
    AttentionSettings program = settings(Operator.parse(text));
    Stretch tokens = Stretch.normal(named, 40, 3);
    for (AttentionKernel kernel : List.of(Kernels.recurrent(), Kernels.java())) {
      assertThat(tokens.outputs(kernel, State.initial(program)))
          .isEqualTo(tokens.outputs(kernel, State.initial(named)));
    }
  }

  private static AttentionSettings settings(Operator operator) {
    return AttentionSettings.builder(4, 3)
        .operator(operator)
        .heads(2, 1)
        .decay(0.9)
        .precision(Precision.FLOAT64)
        .build();
  }

  @Test
  void publishedFormsWrittenOut() {
    same("u = LA(q, k, k); w = LA<(k, q, v); o = LA(u, q, v) - LA(q, k, w)", Operator.HLA2);
    same(
        "x = LA<(k, q, q); o = LA(LA(LA(q, k, k), q, q), k, v) - LA(q, k, LA<(x, k, v))"
            + " - LA(q, LA<(q, k, k), LA<(q, k, v)) - LA(q, LA<(x, k, k), v)",
        Operator.HLA3);
  }

  private static void same(String text, Operator published) {
    AttentionSettings program = settings(Operator.program(text));
    AttentionSettings form =
        AttentionSettings.builder(4, 3)
            .operator(published)
            .form(Form.PUBLISHED)
            .heads(2, 1)
            .decay(0.9)
            .precision(Precision.FLOAT64)
            .build();
    Stretch tokens = Stretch.normal(form, 40, 4);
    assertThat(tokens.outputs(Kernels.recurrent(), State.initial(program)))
        .isEqualTo(tokens.outputs(Kernels.recurrent(), State.initial(form)));
  }
}
