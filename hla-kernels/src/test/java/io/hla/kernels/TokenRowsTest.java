package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.algebra.Variant;
import io.hla.kernels.TokenRows.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows of tokens give the bits that arrays give, wherever they lie and whoever reads them. */
class TokenRowsTest {
  /** Several pieces of what native kernels take at once, for wide heads. */
  private static final int[] LENGTHS = {0, 1, 65, 200};

  private static final int[][] SIZES = {{3, 17}, {40, 40}};

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (Variant variant : Variant.all()) {
      TestKernels.all()
          .forEach(
              kernel -> owners().forEach(owner -> cases.add(Arguments.of(kernel, owner, variant))));
    }
    return cases.stream();
  }

  /** Rows lie on the heap, or outside of it. */
  private static Stream<TestKernels> owners() {
    return Stream.concat(
        TestKernels.all().filter(kernel -> kernel.get() == Kernels.java()),
        TestKernels.natives().limit(1));
  }

  @ParameterizedTest(name = "{0} with rows of {1} {2}")
  @MethodSource("cases")
  void rowsGiveTheBitsOfArrays(TestKernels kernel, TestKernels owner, Variant variant) {
    for (int[] size : SIZES) {
      for (Precision precision : Precision.values()) {
        AttentionSettings settings =
            variant.settings(size[0], size[1]).heads(4, 2).precision(precision).build();
        for (int length : LENGTHS) {
          Stretch tokens = Stretch.normal(settings, length, 3);
          Element element = precision.isDouble() ? Element.DOUBLE : Element.FLOAT;
          try (TokenRows rows = owner.get().rows(settings, Math.max(1, length), element, element)) {
            fill(rows, tokens);
            assertSameOutputs(kernel.get(), settings, tokens, rows, length);
            assertSameSummaries(kernel.get(), settings, tokens, rows, length);
          }
        }
      }
    }
  }

  private static void fill(TokenRows rows, Stretch tokens) {
    fill(rows, Part.QUERY, tokens.q());
    fill(rows, Part.KEY, tokens.k());
    fill(rows, Part.VALUE, tokens.v());
    if (tokens.gate() != null) {
      fill(rows, Part.GATE, tokens.gate());
    }
  }

  /** Rows of floats in float64 give what rows of doubles do, rounded once. */
  @ParameterizedTest(name = "{0} with rows of {1} {2}")
  @MethodSource("cases")
  void float64TakesAndGivesFloats(TestKernels kernel, TestKernels owner, Variant variant) {
    for (int[] size : SIZES) {
      AttentionSettings settings =
          variant
              .settings(size[0], size[1])
              .heads(4, 2)
              .gated(size[0] == 3)
              .precision(Precision.FLOAT64)
              .build();
      for (int length : LENGTHS) {
        Stretch tokens = Stretch.normal(settings, length, 5);
        State zero = State.initial(settings);
        double[] expected = tokens.outputs(kernel.get(), zero);
        byte[] behind = tokens.stateBehind(kernel.get(), zero).toBytes();
        for (Element input : Element.values()) {
          for (Element output : Element.values()) {
            String what = length + " tokens of " + settings + ", " + input + " to " + output;
            try (TokenRows rows = owner.get().rows(settings, Math.max(1, length), input, output);
                Applier applier = kernel.get().applier(zero)) {
              fill(rows, tokens);
              applier.apply(rows, length);
              for (int i = 0; i < expected.length; i++) {
                double rounded = output == Element.FLOAT ? (float) expected[i] : expected[i];
                assertThat(rows.get(Part.OUTPUT, i)).as(what).isEqualTo(rounded);
              }
              assertThat(applier.state().toBytes()).as(what).isEqualTo(behind);
            }
          }
        }
      }
    }
  }

  private static void fill(TokenRows rows, Part part, double[] numbers) {
    for (int i = 0; i < numbers.length; i++) {
      rows.set(part, i, numbers[i]);
    }
  }

  private static void assertSameOutputs(
      AttentionKernel kernel,
      AttentionSettings settings,
      Stretch tokens,
      TokenRows rows,
      int length) {
    State zero = State.initial(settings);
    try (Applier applier = kernel.applier(zero)) {
      applier.apply(rows, length);
      double[] expected = tokens.outputs(kernel, zero);
      double[] actual = new double[expected.length];
      for (int i = 0; i < actual.length; i++) {
        actual[i] = rows.get(Part.OUTPUT, i);
      }
      assertThat(actual).isEqualTo(expected);
      assertThat(applier.state().toBytes()).isEqualTo(tokens.stateBehind(kernel, zero).toBytes());
    }
  }

  private static void assertSameSummaries(
      AttentionKernel kernel,
      AttentionSettings settings,
      Stretch tokens,
      TokenRows rows,
      int length) {
    State zero = State.initial(settings);
    for (int step = 0; step < Summary.steps(settings); step++) {
      try (Summarizer fromRows = kernel.summarizer(step, zero);
          Summarizer fromArrays = kernel.summarizer(step, zero)) {
        fromRows.add(rows, length);
        TokenCall.of(settings, tokens, 0, () -> 0).add(fromArrays);
        assertThat(fromRows.summary().toBytes()).isEqualTo(fromArrays.summary().toBytes());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("io.hla.kernels.TestKernels#all")
  void everyNumberThatIsNotFiniteIsSeen(TestKernels kernel) {
    for (Precision precision : Precision.values()) {
      AttentionSettings settings =
          AttentionSettings.builder(7, 3).precision(precision).gated(true).build();
      try (TokenRows rows = kernel.get().rows(settings, 33, Element.FLOAT, Element.FLOAT)) {
        rows.set(Part.QUERY, 0, -Float.MAX_VALUE);
        rows.set(Part.QUERY, 1, Float.MIN_VALUE);
        for (Part part : Part.values()) {
          for (int i = 0; i < 33 * rows.width(part); i++) {
            double before = rows.get(part, i);
            for (double number :
                new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
              rows.set(part, i, number);
              assertThat(rows.isFinite(part, 33)).isFalse();
              assertThat(rows.isFinite(part, i / rows.width(part))).isTrue();
            }
            rows.set(part, i, before);
          }
          assertThat(rows.isFinite(part, 33)).isTrue();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("io.hla.kernels.TestKernels#all")
  void wrongUseIsRefused(TestKernels kernel) {
    AttentionSettings settings = AttentionSettings.builder(4, 4).precision(Precision.MIXED).build();
    TokenRows rows = kernel.get().rows(settings, 8, Element.FLOAT, Element.FLOAT);
    assertThatThrownBy(() -> rows.get(Part.KEY, 32)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> rows.set(Part.KEY, -1, 0))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> rows.isFinite(Part.KEY, 9))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> kernel.get().rows(settings, 0, Element.FLOAT, Element.FLOAT))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> kernel.get().rows(settings, Integer.MAX_VALUE, Element.FLOAT, Element.FLOAT))
        .isInstanceOf(ArithmeticException.class);
    try (Applier applier = kernel.get().applier(State.initial(settings))) {
      for (int count : new int[] {-1, 9, Integer.MAX_VALUE}) {
        assertThatThrownBy(() -> applier.apply(rows, count))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
    for (AttentionSettings other :
        List.of(
            AttentionSettings.builder(5, 4).build(),
            AttentionSettings.builder(4, 5).build(),
            AttentionSettings.builder(4, 4).heads(2, 1).build(),
            AttentionSettings.builder(4, 4).gated(true).build())) {
      try (Applier applier = kernel.get().applier(State.initial(other))) {
        assertThatThrownBy(() -> applier.apply(rows, 1))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
    rows.close();
    rows.close();
    assertThatThrownBy(() -> kernel.get().rows(settings, 1, Element.DOUBLE, Element.FLOAT))
        .hasMessage("rows of doubles with precision mixed, expected float");
  }

  @Test
  void nativeRowsAreGoneWhenTheyAreClosed() {
    AttentionSettings settings = AttentionSettings.builder(4, 4).build();
    TestKernels.natives()
        .forEach(
            kernel -> {
              TokenRows rows = kernel.get().rows(settings, 8, Element.FLOAT, Element.FLOAT);
              assertThat(rows.array(Part.QUERY)).isNull();
              assertThat(rows.address(Part.OUTPUT)).isPositive();
              rows.close();
              assertThatThrownBy(() -> rows.address(Part.QUERY))
                  .isInstanceOf(IllegalStateException.class);
              assertThatThrownBy(() -> rows.get(Part.QUERY, 0))
                  .isInstanceOf(IllegalStateException.class);
              try (Applier applier = kernel.get().applier(State.initial(settings))) {
                assertThatThrownBy(() -> applier.apply(rows, 1))
                    .isInstanceOf(IllegalStateException.class);
              }
            });
  }
}
