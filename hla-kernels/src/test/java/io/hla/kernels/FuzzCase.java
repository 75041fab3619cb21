package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.FeatureMap;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.algebra.Variant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** One random stream through one kernel, in random pieces of arrays, with wrong calls between. */
record FuzzCase(
    TestKernels kernel,
    AttentionSettings settings,
    Stretch tokens,
    int count,
    int firstWild,
    long seed,
    Random random) {
  private static final int LONGEST = 700;

  /** Of what the recurrence multiplies for a stream, so that a case takes some milliseconds. */
  private static final int WORK = 1_000_000;

  private static final double[] DECAYS = {1, 1, 0.999, 0.9, 0.5, 1e-6, 1e-300, Double.MIN_VALUE};
  private static final double[] SCALES = {1, 1, 0.125, 3, -0.7, 0};
  private static final double[] EPSILONS = {1e-6, 0, 0.5};
  private static final double[] WILD = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.MAX_VALUE, -3e38
  };
  private static final double[] SMALL = {1e-310, -Double.MIN_VALUE, 1e-42, -1e-38, -0.0};

  static FuzzCase of(List<TestKernels> kernels, long seed) {
    Random random = new Random(seed);
    // The first numbers of neighbouring seeds are alike.
    random.nextLong();
    TestKernels kernel = kernels.get(random.nextInt(kernels.size()));
    AttentionSettings settings = settings(random);
    int d = settings.headDim();
    int most = WORK / (settings.numHeads() * d * (d + settings.valueDim()));
    int count = random.nextInt(Math.min(LONGEST, most) + 1);
    Stretch tokens = tokens(settings, count, random);
    int firstWild = spoil(settings, tokens, count, random);
    return new FuzzCase(kernel, settings, tokens, count, firstWild, seed, random);
  }

  private static AttentionSettings settings(Random random) {
    Variant variant = Variant.all().get(random.nextInt(Variant.all().size()));
    int kvHeads = 1 + random.nextInt(3);
    int heads = kvHeads * (1 + random.nextInt(3));
    boolean decays = random.nextBoolean();
    return variant
        .settings(size(random), size(random))
        .heads(heads, kvHeads)
        .decay(
            IntStream.range(0, heads).mapToObj(h -> decays ? pick(DECAYS, random) : 1.0).toList())
        .ridge(variant.hasRidge() && random.nextBoolean() ? 2 * random.nextDouble() : 0)
        .normalize(random.nextBoolean())
        .epsilon(pick(EPSILONS, random))
        .scale(pick(SCALES, random))
        .featureMap(FeatureMap.values()[random.nextInt(FeatureMap.values().length)])
        .precision(Precision.values()[random.nextInt(Precision.values().length)])
        .gated(random.nextInt(3) == 0)
        .build();
  }

  private static int size(Random random) {
    return 1 + random.nextInt(random.nextInt(3) == 0 ? 70 : 20);
  }

  private static double pick(double[] values, Random random) {
    return values[random.nextInt(values.length)];
  }

  /** Values that float holds, so that every precision sees the same input. */
  private static Stretch tokens(AttentionSettings settings, int count, Random random) {
    double size = Math.pow(10, 4 * random.nextDouble() - 3);
    Stretch tokens = Stretch.normal(settings, count, random.nextLong());
    for (double[] values : List.of(tokens.q(), tokens.k(), tokens.v())) {
      Arrays.setAll(values, i -> (float) (values[i] * size));
    }
    return tokens;
  }

  /**
   * Puts very small values and, in one of four streams, wild ones; returns the first wild token.
   */
  private static int spoil(AttentionSettings settings, Stretch tokens, int count, Random random) {
    int[] widths = {settings.queryWidth(), settings.keyWidth(), settings.valueWidth()};
    List<double[]> all = List.of(tokens.q(), tokens.k(), tokens.v());
    boolean wild = random.nextInt(4) == 0;
    int first = count;
    for (int i = random.nextInt(4); i > 0 && count > 0; i--) {
      int which = random.nextInt(3);
      int token = random.nextInt(count);
      double value = pick(wild ? WILD : SMALL, random);
      if (!wild && settings.featureMap() == FeatureMap.L2) {
        // The length of a row of denormal numbers alone is zero to native kernels.
        value = 0;
      }
      all.get(which)[token * widths[which] + random.nextInt(widths[which])] =
          settings.precision().isDouble() ? value : (float) value;
      first = wild ? Math.min(first, token) : first;
    }
    return first;
  }

  void run() {
    int start = random.nextInt(count + 1);
    State inFront =
        tokens.slice(settings, 0, start).stateBehind(Kernels.recurrent(), State.initial(settings));
    if (random.nextBoolean()) {
      inFront = State.fromBytes(inFront.toBytes());
    }
    int step = random.nextInt(Summary.steps(settings));
    double[] outputs = new double[count * settings.outputWidth()];
    Applier applier = kernel.get().applier(inFront);
    Summarizer summarizer = kernel.get().summarizer(step, inFront);
    try (applier;
        summarizer) {
      for (int at = start, piece; at < count; at += piece) {
        piece = Math.min(random.nextInt(100), count - at);
        TokenCall call = call(at, piece);
        call.apply(applier);
        System.arraycopy(
            call.written(settings),
            0,
            outputs,
            at * settings.outputWidth(),
            piece * settings.outputWidth());
        call(at, piece).add(summarizer);
        if (random.nextInt(4) == 0) {
          wrongCall(applier, summarizer);
        }
      }
      wrongCall(applier, summarizer);
      State behind = applier.state();
      Summary summary = summarizer.summary();
      assertThat(behind.tokens()).isEqualTo(count);
      assertThat(summary.tokens()).isEqualTo(count - start);
      RoundingBound.checkOutputs(settings, tokens, outputs, start, firstWild);
      if (firstWild == count) {
        RoundingBound.checkState(settings, tokens, behind);
        RoundingBound.checkSummary(settings, tokens, start, step, summary);
      }
    }
    useAfterClose(applier, summarizer);
  }

  /** Tokens from {@code at} on in arrays of their own, at a random place of them. */
  private TokenCall call(int at, int piece) {
    return TokenCall.of(
        settings,
        tokens.slice(settings, at, at + piece),
        random.nextInt(4),
        () -> random.nextInt(2 * settings.queryWidth()));
  }

  private void wrongCall(Applier applier, Summarizer summarizer) {
    TokenCall right = call(0, Math.min(count, random.nextInt(20)));
    int arrays = random.nextBoolean() ? 4 : 3;
    TokenCall wrong = right.spoilt(settings, arrays, random);
    Class<? extends Exception> expected =
        wrong.hasNull(arrays) ? NullPointerException.class : IllegalArgumentException.class;
    assertThatThrownBy(
            () -> {
              if (arrays == 4) {
                wrong.apply(applier);
              } else {
                wrong.add(summarizer);
              }
            })
        .as("%s", wrong)
        .isExactlyInstanceOf(expected);
    wrong.assertNothingWritten();
  }

  private void useAfterClose(Applier applier, Summarizer summarizer) {
    applier.close();
    summarizer.close();
    if (kernel.get() instanceof NativeKernel) {
      List<Runnable> uses = new ArrayList<>();
      TokenCall one = TokenCall.of(settings, Stretch.normal(settings, 1, seed), 0, () -> 0);
      uses.add(() -> one.apply(applier));
      uses.add(() -> one.add(summarizer));
      uses.add(applier::state);
      uses.add(summarizer::summary);
      for (Runnable use : uses) {
        assertThatThrownBy(use::run)
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("closed");
      }
    }
  }

  @Override
  public String toString() {
    return String.format("-Dhla.fuzz.seed=%d: %s, %d tokens of %s", seed, kernel, count, settings);
  }
}
