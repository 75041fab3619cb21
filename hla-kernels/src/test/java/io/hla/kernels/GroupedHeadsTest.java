package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Variant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What query heads share, or not, changes none of their bits. */
class GroupedHeadsTest {
  private static final int TOKENS = 75;

  /** Of the query heads of one KV head: some share all that can be shared, some only undecayed. */
  private static final List<Double> DECAYS = List.of(0.9, 1.0, 0.99, 0.9, 1.0);

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Variant variant : Variant.all()) {
      TestKernels.all().forEach(kernel -> cases.add(Arguments.of(kernel, variant)));
    }
    return cases.stream();
  }

  private static AttentionSettings settings(Variant variant, int d, int dv, List<Double> decays) {
    return variant
        .settings(d, dv)
        .heads(decays.size(), 1)
        .decay(decays)
        .scale(0.5)
        .precision(Precision.FLOAT64)
        .build();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void headsOfAGroupGiveTheBitsOfHeadsOfTheirOwn(TestKernels kernel, Variant variant) {
    for (int[] size : new int[][] {{5, 7}, {16, 16}, {18, 33}}) {
      int d = size[0];
      int dv = size[1];
      AttentionSettings together = settings(variant, d, dv, DECAYS);
      Stretch tokens = Stretch.normal(together, TOKENS, 51);
      double[] outputs = tokens.outputs(kernel.get(), State.initial(together));
      for (int head = 0; head < DECAYS.size(); head++) {
        AttentionSettings own = settings(variant, d, dv, List.of(DECAYS.get(head)));
        double[] q = rowsOf(tokens.q(), DECAYS.size(), head, d);
        double[] expected =
            new Stretch(q, tokens.k(), tokens.v()).outputs(kernel.get(), State.initial(own));
        assertThat(rowsOf(outputs, DECAYS.size(), head, dv))
            .as("head %d of %s, seed 51", head, together.describe())
            .isEqualTo(expected);
      }
    }
  }

  /** The rows of one of the heads. */
  private static double[] rowsOf(double[] rows, int heads, int head, int width) {
    double[] own = new double[TOKENS * width];
    for (int t = 0; t < TOKENS; t++) {
      System.arraycopy(rows, (t * heads + head) * width, own, t * width, width);
    }
    return own;
  }
}
