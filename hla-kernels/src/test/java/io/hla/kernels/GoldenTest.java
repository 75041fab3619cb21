package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kernel and precision against the dense definition. */
class GoldenTest {

  static Stream<Arguments> cases() {
    return GoldenCase.all().stream()
        .flatMap(
            c ->
                TestKernels.all()
                    .flatMap(
                        kernel ->
                            Stream.of(Precision.values()).map(p -> Arguments.of(c, kernel, p))));
  }

  @ParameterizedTest(name = "{0} {1} {2}")
  @MethodSource("cases")
  void matchesTheDenseDefinition(GoldenCase golden, TestKernels kernel, Precision precision) {
    AttentionSettings settings = golden.settings(precision);
    Stretch tokens = new Stretch(golden.q(), golden.k(), golden.v(), golden.g());
    double[] actual = tokens.outputs(kernel.get(), State.initial(settings));
    double largest = 0;
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs(golden.o()[i]));
      worst = Math.max(worst, Math.abs(actual[i] - golden.o()[i]));
    }
    assertThat(actual).hasSameSizeAs(golden.o());
    assertThat(worst / largest).isLessThan(precision == Precision.FLOAT64 ? 1e-12 : 1e-5);
  }
}
