package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Computation;
import io.hla.algebra.Precision;
import io.hla.algebra.Program;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import java.util.Arrays;
import java.util.List;

/**
 * Compares with the recurrence, value by value, whatever cancels: an error may be a few units in
 * the last place of what the absolute values of all products add up to, or a part of that sum
 * without decay which is so small that float has no such number.
 */
final class RoundingBound {
  private static final double UNITS = 64;

  private RoundingBound() {}

  /** Outputs of tokens {@code start} to {@code end - 1}. */
  static void checkOutputs(
      AttentionSettings settings, Stretch tokens, double[] outputs, int start, int end) {
    Sums numerator = Sums.of(settings, tokens);
    Sums denominator =
        settings.normalize()
            ? Sums.of(
                settings, new Stretch(tokens.q(), tokens.k(), ones(tokens.v()), tokens.gate()))
            : null;
    int width = settings.outputWidth();
    for (int i = start * width; i < end * width; i++) {
      double expected = numerator.value[i];
      double allowed = numerator.error[i];
      if (denominator != null) {
        double divisor = denominator.value[i] + settings.epsilon();
        double error = denominator.error[i] + unit(settings) * settings.epsilon();
        if (!(error < Math.abs(divisor) / 4)) {
          continue;
        }
        expected /= divisor;
        allowed = 2 * (allowed + Math.abs(expected) * error) / Math.abs(divisor);
      }
      assertClose(outputs[i], expected, allowed, "output", i);
    }
  }

  static void checkState(AttentionSettings settings, Stretch tokens, State actual) {
    double[] expected = state(settings, tokens, settings.decay()).values();
    AttentionSettings positive = positive(settings);
    double[] sums = state(positive, tokens.absolute(), settings.decay()).values();
    double[] undecayed = state(positive, undecayed(tokens), undecayed(settings)).values();
    double[] values = actual.values();
    for (int i = 0; i < values.length; i++) {
      assertClose(values[i], expected[i], allowed(settings, sums[i], undecayed[i]), "state", i);
    }
  }

  static void checkSummary(
      AttentionSettings settings, Stretch tokens, int start, int step, Summary actual) {
    double[] expected = summary(settings, tokens, start, step, settings.decay());
    AttentionSettings positive = positive(settings);
    double[] sums = summary(positive, tokens.absolute(), start, step, settings.decay());
    double[] undecayed = summary(positive, undecayed(tokens), start, step, undecayed(settings));
    double[] values = actual.values();
    for (int i = 0; i < values.length; i++) {
      assertClose(values[i], expected[i], allowed(settings, sums[i], undecayed[i]), "summary", i);
    }
  }

  /** What a program without its division gives, and how far a kernel may be from it. */
  private record Sums(double[] value, double[] error) {
    static Sums of(AttentionSettings settings, Stretch tokens) {
      AttentionSettings plain = with(settings, settings.scale(), settings.decay(), false);
      Program program = Computation.attending(plain).program();
      Program positive =
          new Program(
              program.matrices(),
              program.derived(),
              program.output().stream()
                  .map(term -> new Program.Term(Math.abs(term.coefficient()), term.signal()))
                  .toList());
      double[] value = run(plain, program, tokens);
      double[] sums = run(positive(plain), positive, tokens.absolute());
      double[] undecayed =
          run(
              with(plain, Math.abs(plain.scale()), undecayed(plain), false),
              positive,
              undecayed(tokens));
      double[] allowed = new double[value.length];
      Arrays.setAll(allowed, i -> allowed(settings, sums[i], undecayed[i]));
      return new Sums(value, allowed);
    }

    private static double[] run(AttentionSettings settings, Program program, Stretch tokens) {
      double[] matrices = State.initial(settings).values();
      int count = tokens.tokens(settings);
      double[] o = new double[count * settings.outputWidth()];
      Kernels.recurrent()
          .open(Computation.attending(settings).with(program), matrices)
          .process(Tokens.of(tokens.q(), tokens.k(), tokens.v(), tokens.gate(), o), 0, count);
      return o;
    }
  }

  private static State state(AttentionSettings settings, Stretch tokens, List<Double> decay) {
    AttentionSettings exact = with(settings, settings.scale(), decay, settings.normalize());
    return tokens.stateBehind(Kernels.recurrent(), State.initial(exact));
  }

  private static double[] summary(
      AttentionSettings settings, Stretch tokens, int start, int step, List<Double> decay) {
    AttentionSettings exact = with(settings, settings.scale(), decay, settings.normalize());
    State inFront = state(settings, tokens.slice(settings, 0, start), decay);
    return tokens
        .slice(settings, start, tokens.tokens(settings))
        .summary(Kernels.recurrent(), step, inFront)
        .values();
  }

  private static double allowed(AttentionSettings settings, double sum, double undecayed) {
    double tiny = settings.precision().isDouble() ? 1e-290 : 1e-30;
    return UNITS * unit(settings) * sum + tiny * Math.max(1, undecayed);
  }

  private static double unit(AttentionSettings settings) {
    return settings.precision().isDouble() ? 0x1p-53 : 0x1p-24;
  }

  private static void assertClose(
      double actual, double expected, double allowed, String what, int index) {
    if (!(Math.abs(actual - expected) <= allowed)) {
      assertThat(actual)
          .as("%s %d, which may be off by %s", what, index, allowed)
          .isEqualTo(expected);
    }
  }

  private static AttentionSettings positive(AttentionSettings settings) {
    return with(settings, Math.abs(settings.scale()), settings.decay(), settings.normalize());
  }

  private static List<Double> undecayed(AttentionSettings settings) {
    // Not 1 where there is decay: the ridge then has another program. Different where decays are
    // different: heads share the same matrices then.
    List<Double> decays = settings.decay();
    return decays.stream()
        .map(g -> g == 1 ? g : 1 - (1 + decays.indexOf(g)) * Math.ulp(0.5))
        .toList();
  }

  /** Absolute values without gates that close. */
  private static Stretch undecayed(Stretch tokens) {
    double[] gate = tokens.gate() == null ? null : ones(tokens.gate());
    Stretch absolute = tokens.absolute();
    return new Stretch(absolute.q(), absolute.k(), absolute.v(), gate);
  }

  private static double[] ones(double[] like) {
    double[] ones = new double[like.length];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** The same function in double with another scale and decay, divided or not. */
  private static AttentionSettings with(
      AttentionSettings s, double scale, List<Double> decay, boolean normalize) {
    return new AttentionSettings(
        s.operator(),
        s.mask(),
        s.form(),
        s.numHeads(),
        s.numKvHeads(),
        s.headDim(),
        s.valueDim(),
        decay,
        s.ridge(),
        normalize,
        s.epsilon(),
        scale,
        s.featureMap(),
        Precision.FLOAT64,
        s.gated());
  }
}
