package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Double arithmetic over floats gives the exact output rounded to float, or a neighbour of it, at
 * every position of streams that cancel, fade or overflow a float; compared with decimals of 60
 * digits. The other precisions keep to their bounds.
 */
class ExactByDefaultTest {
  private static final MathContext DIGITS = new MathContext(60);

  /** A stream of one head with d = dv = 1: u = LA(q; k, k; g), o = LA(q; u, v; g^2). */
  private enum Case {
    /** Terms grow with the stream, the output stays near them: mixed is off by 4e-4. */
    CANCELS(262_144, 1) {
      @Override
      float value(int t) {
        return t % 2 == 0 ? 1 : -1;
      }
    },
    /** One token, and zeros behind it until nothing is left. */
    FADES(20_000, 0.99) {
      @Override
      float value(int t) {
        return t == 0 ? 1 : 0;
      }

      @Override
      float key(int t) {
        return t == 0 ? 1 : 0;
      }
    },
    TINY_DECAY(2_000, 1e-200),
    ALMOST_ONE(20_000, 1 - 1e-13),
    /** Large values that cancel to what is left of small ones. */
    LARGE(20_000, 0.999) {
      @Override
      float value(int t) {
        return t % 4 == 0 ? 1e13f : t % 4 == 2 ? -1e13f : 0.3f;
      }
    };

    private final int tokens;
    private final double decay;

    Case(int tokens, double decay) {
      this.tokens = tokens;
      this.decay = decay;
    }

    float query(int t) {
      return 0.7f;
    }

    float key(int t) {
      return 1;
    }

    float value(int t) {
      return 0.3f + t % 7;
    }

    private List<BigDecimal> exact() {
      List<BigDecimal> outputs = new ArrayList<>();
      BigDecimal g = new BigDecimal(decay);
      BigDecimal square = g.multiply(g);
      BigDecimal s = BigDecimal.ZERO;
      BigDecimal f = BigDecimal.ZERO;
      for (int t = 0; t < tokens; t++) {
        BigDecimal q = new BigDecimal(query(t));
        BigDecimal k = new BigDecimal(key(t));
        s = s.multiply(g).add(k.multiply(k)).round(DIGITS);
        f = f.multiply(square).add(q.multiply(s).multiply(new BigDecimal(value(t)))).round(DIGITS);
        outputs.add(q.multiply(f));
      }
      return outputs;
    }
  }

  static Stream<Arguments> cases() {
    return Stream.of(Case.values())
        .flatMap(c -> TestKernels.all().map(kernel -> Arguments.of(kernel, c)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void doubleArithmeticRoundsOnce(TestKernels kernel, Case of) {
    float[] actual = outputs(kernel.get(), of, Precision.FLOAT64);
    List<BigDecimal> exact = of.exact();
    for (int t = 0; t < of.tokens; t++) {
      float rounded = exact.get(t).floatValue();
      assertThat(Math.abs((double) actual[t] - rounded))
          .as("token %d: %s, exactly %s", t, actual[t], exact.get(t))
          .isLessThanOrEqualTo(Math.ulp(rounded));
    }
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void mixedKeepsToItsBound(TestKernels kernel, Case of) {
    float[] actual = outputs(kernel.get(), of, Precision.MIXED);
    Recomputation again = new Recomputation(State.initial(settings(of, Precision.MIXED)));
    for (int t = 0; t < of.tokens; t++) {
      again.next(
          new double[] {of.query(t)}, new double[] {of.key(t)}, new double[] {of.value(t)}, null);
      assertThat(Recomputation.offBy(actual[t], again.expected()[0], again.allowed()[0]))
          .as("token %d", t)
          .isLessThanOrEqualTo(1);
    }
  }

  private static AttentionSettings settings(Case of, Precision precision) {
    return AttentionSettings.builder(1, 1).decay(of.decay).precision(precision).build();
  }

  private static float[] outputs(AttentionKernel kernel, Case of, Precision precision) {
    float[] q = new float[of.tokens];
    float[] k = new float[of.tokens];
    float[] v = new float[of.tokens];
    float[] o = new float[of.tokens];
    for (int t = 0; t < of.tokens; t++) {
      q[t] = of.query(t);
      k[t] = of.key(t);
      v[t] = of.value(t);
    }
    try (Applier applier = kernel.applier(State.initial(settings(of, precision)))) {
      applier.apply(q, k, v, o, 0, of.tokens);
    }
    return o;
  }
}
