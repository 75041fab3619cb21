package io.hla.algebra;

import io.hla.algebra.Program.Matrix;
import io.hla.algebra.Program.Read;
import io.hla.algebra.Program.Weighted;
import io.hla.algebra.ScanStep.Product;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What segments are summarized by and how summaries combine, derived from a program alone.
 *
 * <p>A signal is a <em>tower</em> when it is an input, or a read by an input of a matrix whose rows
 * are an input and whose columns are a tower. For A followed by B, a read of B sees its own matrix
 * and, decayed, that of A: the tower is <em>cut</em> there, and what is left of it in B ends in the
 * input x that read the matrix. A matrix of two towers, y and z, therefore follows from moments of
 * B whose towers are cut or not, between matrices of A:
 *
 * <pre>
 *   M_AB = rho_B^e M_A + sum over cuts l of y, r of z of  (M_l of A)^T (moment cut at l, r of B) (M_r of A)
 * </pre>
 *
 * <p>What decays a cut matrix of A until token t is split between B and the moment in one of two
 * ways. Where the decay is constant and no power gets negative, it is rho_B^e_l for all of B and a
 * moment that decays by g^(e - e_l) at each token: paper section 4.2's rule, with its mistakes
 * mended. Else the signal at the cut is weighted by the decays from the start of the segment to t,
 * which are never divided by.
 *
 * <p>A matrix of signals that are no towers has no such summary. Its segments run from the true
 * matrices in front of them, which an earlier step finds: reads of those are inputs then.
 */
final class Derivation {
  /** The cut of a side that is left whole. */
  private static final int WHOLE = -1;

  private final Program outputs;
  private final boolean isWeighted;
  private final List<String> known = new ArrayList<>();

  private Derivation(Program outputs, boolean isWeighted) {
    this.outputs = outputs;
    this.isWeighted = isWeighted;
  }

  /**
   * The steps of a program's scan, from the first to the last.
   *
   * @param gated whether decays differ from token to token
   */
  static List<ScanStep> scan(Program outputs, boolean gated) {
    List<ScanStep> steps = gated ? null : new Derivation(outputs, false).steps();
    return steps == null ? new Derivation(outputs, true).steps() : steps;
  }

  /** Why a program needs more than one step; empty if it does not. */
  static Optional<String> whySteps(Program outputs) {
    Derivation first = new Derivation(outputs, false);
    return outputs.matrices().stream().map(first::obstacle).filter(Objects::nonNull).findFirst();
  }

  /** Null if a moment of constant decay would have to grow. */
  private List<ScanStep> steps() {
    List<ScanStep> steps = new ArrayList<>();
    List<Matrix> left = new ArrayList<>(outputs.matrices());
    do {
      List<Matrix> targets = targets(left);
      Step step = new Step();
      if (!step.derive(targets)) {
        return null;
      }
      steps.add(step.build());
      left.removeAll(targets);
      targets.forEach(matrix -> known.add(matrix.name()));
    } while (!left.isEmpty());
    return steps;
  }

  /** All if they can be derived together, else those of them that others need. */
  private List<Matrix> targets(List<Matrix> left) {
    Predicate<Matrix> isMountain = matrix -> obstacle(matrix) == null;
    if (left.stream().allMatch(isMountain)) {
      return List.copyOf(left);
    }
    Set<Integer> read = new HashSet<>();
    Set<Integer> seen = new HashSet<>();
    left.forEach(matrix -> List.of(matrix.y(), matrix.z()).forEach(x -> addRead(x, seen, read)));
    List<Matrix> needed =
        left.stream()
            .filter(isMountain)
            .filter(matrix -> read.contains(outputs.matrices().indexOf(matrix)))
            .toList();
    if (needed.isEmpty()) {
      throw new AssertionError("no scan of " + outputs);
    }
    return needed;
  }

  /** Why a matrix cannot be derived yet; null if it can. */
  private String obstacle(Matrix matrix) {
    String rows = obstacle(matrix, matrix.y());
    return rows != null ? rows : obstacle(matrix, matrix.z());
  }

  private String obstacle(Matrix of, int signal) {
    if (isInput(outputs, signal)) {
      return null;
    }
    Read read = outputs.read(signal);
    Matrix matrix = outputs.matrices().get(read.matrix());
    if (!isInput(outputs, read.x())) {
      return of.name() + ": " + matrix.name() + " is read by a signal that depends on the state";
    }
    if (!isInput(outputs, matrix.y())) {
      return of.name() + ": the rows of " + matrix.name() + ", which it reads, depend on the state";
    }
    return obstacle(of, matrix.z());
  }

  /** Adds the matrices that a signal is read from, and those behind them. */
  private void addRead(int signal, Set<Integer> seen, Set<Integer> matrices) {
    Read read = outputs.read(signal);
    if (read != null && seen.add(signal)) {
      Matrix matrix = outputs.matrices().get(read.matrix());
      matrices.add(read.matrix());
      List.of(read.x(), matrix.y(), matrix.z()).forEach(x -> addRead(x, seen, matrices));
    }
  }

  /** An input, or what follows from inputs and the matrices of earlier steps. */
  private boolean isInput(Program program, int signal) {
    Weighted weighted = program.weighted(signal);
    if (weighted != null) {
      return isInput(program, weighted.x());
    }
    Read read = program.read(signal);
    return read == null
        || known.contains(program.matrices().get(read.matrix()).name())
            && isInput(program, read.x());
  }

  /** One step in the making: first its targets, then what these need, then what that needs. */
  private final class Step {
    private final Program.Builder builder = new Program.Builder();
    private final List<Product> products = new ArrayList<>();

    /** Signals of the program under their places in the step's. */
    private final Map<Integer, Integer> copies = new HashMap<>();

    boolean derive(List<Matrix> targets) {
      targets.forEach(this::copy);
      for (int m = 0; m < builder.matrices().size(); m++) {
        if (!known.contains(builder.matrices().get(m).name()) && !derive(m)) {
          return false;
        }
      }
      return true;
    }

    ScanStep build() {
      Program program = builder.build();
      List<String> given =
          program.matrices().stream().map(Matrix::name).filter(known::contains).toList();
      return new ScanStep(program, products, given);
    }

    private int copy(Matrix matrix) {
      return builder.matrix(matrix.name(), copy(matrix.y()), copy(matrix.z()), matrix.decayPower());
    }

    private int copy(int signal) {
      Read read = outputs.read(signal);
      Integer known = copies.get(signal);
      if (read == null || known != null) {
        return read == null ? signal : known;
      }
      Matrix matrix = outputs.matrices().get(read.matrix());
      int copy = builder.derive(new Read(copy(read.x()), copy(matrix), read.strict()));
      copies.put(signal, copy);
      return copy;
    }

    /** All products of a matrix; false if one needs a power below 0. */
    private boolean derive(int m) {
      Matrix target = builder.matrices().get(m);
      List<Read> left = tower(target.y());
      List<Read> right = tower(target.z());
      for (int r = WHOLE; r < right.size(); r++) {
        for (int l = WHOLE; l < left.size(); l++) {
          int cutPower = isWeighted ? 0 : power(left, l) + power(right, r);
          if (target.decayPower() < cutPower) {
            return false;
          }
          int y = cut(target.y(), left, l);
          int z = cut(target.z(), right, r);
          if (y < 0 || z < 0) {
            return false;
          }
          products.add(
              new Product(
                  target.name(),
                  cutPower,
                  isWeighted ? 0 : -strictPower(left, l) - strictPower(right, r),
                  weight(target.y(), left, l) + weight(target.z(), right, r),
                  l == WHOLE ? null : matrix(left.get(l)).name(),
                  moment(target, y, z, target.decayPower() - cutPower).name(),
                  r == WHOLE ? null : matrix(right.get(r)).name()));
        }
      }
      return true;
    }

    private Matrix moment(Matrix target, int y, int z, int power) {
      if (y == target.y() && z == target.z()) {
        return target;
      }
      String name = "<" + text(y) + "|" + text(z) + ">" + power;
      int moment = fromZero(name, y, z, power);
      return builder.matrices().get(moment);
    }

    /** The reads of a tower, from the signal itself inwards. */
    private List<Read> tower(int signal) {
      List<Read> reads = new ArrayList<>();
      Program program = builder.build();
      while (!isInput(program, signal)) {
        Read read = program.read(signal);
        reads.add(read);
        signal = matrix(read).z();
      }
      return reads;
    }

    /** The signal of a tower that ends at one of its reads; below 0 if it would have to grow. */
    private int cut(int signal, List<Read> tower, int at) {
      if (at == WHOLE) {
        return signal;
      }
      Read end = tower.get(at);
      int power = power(tower, at);
      int rest =
          isWeighted && power > 0
              ? builder.derive(new Weighted(end.x(), power, end.strict()))
              : end.x();
      for (int i = at - 1; i >= 0; i--) {
        Matrix whole = matrix(tower.get(i));
        int restPower = whole.decayPower() - (isWeighted ? 0 : power);
        if (restPower < 0) {
          return -1;
        }
        String name = "<" + text(whole.y()) + "|" + text(rest) + ">" + restPower;
        int matrix = fromZero(name, whole.y(), rest, restPower);
        rest = builder.derive(new Read(tower.get(i).x(), matrix, tower.get(i).strict()));
      }
      return rest;
    }

    /** A matrix of the segment alone, even where a given one sums the same. */
    private int fromZero(String name, int y, int z, int power) {
      return builder.matrix(new Matrix(name, y, z, power, 0), known);
    }

    private Matrix matrix(Read read) {
      return builder.matrices().get(read.matrix());
    }

    private int power(List<Read> tower, int at) {
      return at == WHOLE ? 0 : matrix(tower.get(at)).decayPower();
    }

    /** The decay of the cut matrix that strict reads from the outside to it do not see. */
    private int strictPower(List<Read> tower, int at) {
      long strict = tower.stream().limit(at + 1L).filter(Read::strict).count();
      return (int) strict * power(tower, at);
    }

    /** How a whole side of a moment decays with what stands in front of the segment. */
    private int weight(int signal, List<Read> tower, int at) {
      int base = tower.isEmpty() ? signal : matrix(tower.get(tower.size() - 1)).z();
      Weighted weighted = builder.build().weighted(base);
      return at == WHOLE && weighted != null ? weighted.power() : 0;
    }

    private String text(int signal) {
      if (signal < Program.FIRST_DERIVED) {
        return "qkv".substring(signal, signal + 1);
      }
      Program program = builder.build();
      Read read = program.read(signal);
      if (read == null) {
        Weighted weighted = program.weighted(signal);
        return text(weighted.x()) + (weighted.strict() ? "~<" : "~") + weighted.power();
      }
      return text(read.x()) + (read.strict() ? "<" : ".") + matrix(read).name();
    }
  }
}
