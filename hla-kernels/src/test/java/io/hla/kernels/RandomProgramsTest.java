package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.SettingsException;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random programs: every kernel gives the dense definition, and segments that are scanned in the
 * derived steps give the states and outputs of the whole. A program that fails is made smaller as
 * long as it fails. {@code -Dhla.programs.seed} and {@code -Dhla.programs.count} run others.
 */
class RandomProgramsTest {
  private static final long SEED = Long.getLong("hla.programs.seed", 1);
  private static final int COUNT = Integer.getInteger("hla.programs.count", 300);
  private static final int TOKENS = 23;
  private static final double LIMIT = 1e-12;

  /** How a token's decay comes about. */
  private enum Decay {
    NONE,
    CONSTANT,
    GATES
  }

  /** LA(x, y, z, g^power) in text: signals by name. */
  private record Call(String x, String y, String z, int power, boolean strict) {
    @Override
    public String toString() {
      return String.format("LA%s(%s, %s, %s, g^%d)", strict ? "<" : "", x, y, z, power);
    }

    Call with(String from, String to) {
      return new Call(
          x.equals(from) ? to : x, y.equals(from) ? to : y, z.equals(from) ? to : z, power, strict);
    }

    boolean uses(String name) {
      return x.equals(name) || y.equals(name) || z.equals(name);
    }
  }

  /** Statement i is s_i, a sum of calls; the last is o. */
  private record Text(List<List<Call>> statements) {
    String text() {
      List<String> lines = new ArrayList<>();
      for (int i = 0; i < statements.size(); i++) {
        String sum =
            statements.get(i).stream().map(Call::toString).collect(Collectors.joining(" + "));
        lines.add((i == statements.size() - 1 ? "o" : "s" + i) + " = " + sum);
      }
      return String.join("; ", lines);
    }

    /** Programs with a statement, a term, a power or a strict read less. */
    Stream<Text> smaller() {
      List<Text> all = new ArrayList<>();
      for (int i = 0; i < statements.size(); i++) {
        List<Call> calls = statements.get(i);
        String name = "s" + i;
        boolean last = i == statements.size() - 1;
        if (!last && statements.stream().flatMap(List::stream).noneMatch(c -> c.uses(name))) {
          all.add(without(i));
        }
        for (int c = 0; c < calls.size(); c++) {
          Call call = calls.get(c);
          if (calls.size() > 1) {
            List<Call> fewer = new ArrayList<>(calls);
            fewer.remove(c);
            all.add(with(i, fewer));
          }
          List<Call> simpler = new ArrayList<>();
          if (call.power > 0) {
            simpler.add(new Call(call.x, call.y, call.z, call.power - 1, call.strict));
          }
          if (call.strict) {
            simpler.add(new Call(call.x, call.y, call.z, call.power, false));
          }
          for (String used : List.of(call.x, call.y, call.z)) {
            if (used.startsWith("s")) {
              simpler.add(call.with(used, isOfValues(used) ? "v" : "k"));
            }
          }
          for (Call other : simpler) {
            List<Call> changed = new ArrayList<>(calls);
            changed.set(c, other);
            all.add(with(i, changed));
          }
        }
      }
      return all.stream();
    }

    private boolean isOfValues(String name) {
      return name.equals("v")
          || name.startsWith("s")
              && isOfValues(statements.get(Integer.parseInt(name.substring(1))).get(0).z);
    }

    private Text with(int i, List<Call> calls) {
      List<List<Call>> changed = new ArrayList<>(statements);
      changed.set(i, calls);
      return new Text(changed);
    }

    private Text without(int gone) {
      List<List<Call>> fewer = new ArrayList<>();
      for (int i = 0; i < statements.size(); i++) {
        if (i != gone) {
          List<Call> calls = statements.get(i);
          for (int j = gone + 1; j < statements.size(); j++) {
            String from = "s" + j;
            String to = "s" + (j - 1);
            calls = calls.stream().map(c -> c.with(from, to)).toList();
          }
          fewer.add(calls);
        }
      }
      return new Text(fewer);
    }
  }

  private static Text random(Random random) {
    List<String> narrow = new ArrayList<>(List.of("q", "k"));
    List<String> wide = new ArrayList<>(List.of("v"));
    List<List<Call>> statements = new ArrayList<>();
    int count = 1 + random.nextInt(7);
    for (int i = 0; i < count; i++) {
      boolean last = i == count - 1;
      boolean ofValues = last || random.nextInt(3) == 0;
      List<Call> calls = new ArrayList<>();
      for (int c = random.nextInt(4) == 0 ? 2 : 1; c > 0; c--) {
        calls.add(
            new Call(
                // The newest signals, so that programs are deep.
                latest(narrow, random),
                latest(narrow, random),
                latest(ofValues ? wide : narrow, random),
                random.nextInt(4),
                random.nextInt(3) == 0));
      }
      statements.add(calls);
      (ofValues ? wide : narrow).add("s" + i);
    }
    return new Text(statements);
  }

  private static String latest(List<String> names, Random random) {
    return names.get(Math.max(random.nextInt(names.size()), random.nextInt(names.size())));
  }

  @ParameterizedTest
  @EnumSource
  void segmentsAndKernelsGiveTheDenseDefinition(Decay decay) {
    Random random = new Random(SEED + decay.ordinal());
    int steps = 0;
    int most = 0;
    for (int i = 0; i < COUNT; i++) {
      Text program = random(random);
      String problem = problem(program, decay);
      if (problem != null) {
        fail(smallest(program, decay) + ", case " + i + " of seed " + SEED + ": " + problem);
      }
      int needed = steps(program, decay);
      steps += needed > 1 ? 1 : 0;
      most = Math.max(most, needed);
    }
    // The generator must give mountains and others.
    assertThat(steps).isBetween(COUNT / 20, COUNT * 19 / 20);
    assertThat(most).isGreaterThan(2);
  }

  private static String smallest(Text program, Decay decay) {
    Text smallest = program;
    Text next = program;
    while (next != null) {
      smallest = next;
      next =
          smallest
              .smaller()
              .filter(other -> problem(other, decay) != null)
              .findFirst()
              .orElse(null);
    }
    return smallest.text() + " (" + problem(smallest, decay) + ")";
  }

  private static AttentionSettings settings(Text program, Decay decay) {
    return AttentionSettings.builder(3, 2)
        .operator(Operator.program(program.text()))
        .heads(2, 1)
        .decay(decay == Decay.NONE ? List.of(1.0, 1.0) : List.of(0.9, 1.0))
        .gated(decay == Decay.GATES)
        .precision(Precision.FLOAT64)
        .build();
  }

  private static int steps(Text program, Decay decay) {
    try {
      return Summary.steps(settings(program, decay));
    } catch (SettingsException e) {
      return 1;
    }
  }

  /** What is wrong with a program; null if nothing is. */
  private static String problem(Text program, Decay decay) {
    AttentionSettings settings = settings(program, decay);
    try {
      Summary.steps(settings);
    } catch (SettingsException e) {
      // Too large: that is refused, and tested elsewhere.
      return e.condition().equals("HLA_PROGRAM_SIZE") ? null : e.toString();
    }
    Stretch tokens = Stretch.normal(settings, TOKENS, 7);
    double[] expected = DenseDefinition.outputs(settings, tokens);
    State zero = State.initial(settings);
    List<String> problems = new ArrayList<>();
    TestKernels.all()
        .forEach(
            kernel -> {
              double[] whole = tokens.outputs(kernel.get(), zero);
              compare(kernel + " outputs", whole, expected, problems);
              // Three segments in two bracketings, then the outputs of the last.
              State first = inFront(kernel.get(), settings, tokens, 9, 16, false);
              State second = inFront(kernel.get(), settings, tokens, 9, 16, true);
              State serial =
                  tokens.slice(settings, 0, 16).stateBehind(kernel.get(), State.initial(settings));
              compare(kernel + " scan", first.values(), serial.values(), problems);
              compare(kernel + " other scan", second.values(), serial.values(), problems);
              compare(
                  kernel + " last segment",
                  tokens.slice(settings, 16, TOKENS).outputs(kernel.get(), first),
                  Arrays.copyOfRange(
                      expected, 16 * settings.outputWidth(), TOKENS * settings.outputWidth()),
                  problems);
            });
    return problems.isEmpty() ? null : problems.get(0);
  }

  /** The state in front of token {@code end} from segments cut at {@code cut}, all steps. */
  private static State inFront(
      AttentionKernel kernel,
      AttentionSettings settings,
      Stretch tokens,
      int cut,
      int end,
      boolean together) {
    State atCut = State.initial(settings);
    State atEnd = State.initial(settings);
    for (int step = 0; step < Summary.steps(settings); step++) {
      Summary a = tokens.slice(settings, 0, cut).summary(kernel, step, State.initial(settings));
      Summary b = tokens.slice(settings, cut, end).summary(kernel, step, atCut);
      State nextCut = State.initial(settings).advance(a);
      State nextEnd = together ? State.initial(settings).advance(a.combine(b)) : nextCut.advance(b);
      atCut = step == 0 ? nextCut : atCut.withStep(step, nextCut);
      atEnd = step == 0 ? nextEnd : atEnd.withStep(step, nextEnd);
    }
    return atEnd;
  }

  private static void compare(
      String what, double[] actual, double[] expected, List<String> problems) {
    double largest = 1;
    for (double value : expected) {
      largest = Math.max(largest, Math.abs(value));
    }
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= LIMIT * largest)) {
        problems.add(what + " [" + i + "] is " + actual[i] + ", expected " + expected[i]);
        return;
      }
    }
  }

  /** Shrinking finds the part of a program that a broken rule is about. */
  @Test
  void programsShrink() {
    Text program =
        new Text(
            List.of(
                List.of(new Call("q", "k", "k", 1, false), new Call("k", "q", "q", 2, true)),
                List.of(new Call("q", "s0", "v", 2, false))));
    assertThat(program.smaller().map(Text::text))
        .contains(
            "s0 = LA(q, k, k, g^1); o = LA(q, s0, v, g^2)",
            "s0 = LA(q, k, k, g^1) + LA<(k, q, q, g^2); o = LA(q, k, v, g^2)");
  }
}
