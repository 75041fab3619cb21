package io.hla.algebra;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * An operator as a short list of linear attentions over <em>signals</em>: one row per token and
 * head. Signals 0, 1, 2 are q, k, v; signal 3 + i is derived signal i.
 *
 * @param matrices the matrices that the program keeps; each token adds y_t z_t^T to each of them
 * @param derived in an order in which every operand comes before its use
 * @param output what a token's output is the sum of; empty when only the matrices are wanted
 */
public record Program(List<Matrix> matrices, List<Derived> derived, List<Term> output) {
  public static final int QUERY = 0;
  public static final int KEY = 1;
  public static final int VALUE = 2;
  public static final int FIRST_DERIVED = 3;

  /** What the native kernels have room for. */
  static final int MOST_MATRICES = 64;

  static final int MOST_DERIVED = 64;
  static final int MOST_TERMS = 16;
  public static final int HIGHEST_POWER = 16;

  /**
   * M_t = g_t^decayPower M_(t-1) + y_t z_t^T.
   *
   * @param name the paper's symbol, unique in a program
   * @param y signal whose width is the number of rows
   * @param z signal whose width is the number of columns
   * @param diagonal M_0 = diagonal I stands in front of the first token
   */
  public record Matrix(String name, int y, int z, int decayPower, double diagonal) {
    Matrix named(String other) {
      return new Matrix(other, y, z, decayPower, diagonal);
    }
  }

  /** A signal that is computed from others. */
  public sealed interface Derived permits Read, Weighted {
    /** The signal that it is a linear function of. */
    int x();
  }

  /** x_t^T M_t, or x_t^T M_(t-1) when strict. */
  public record Read(int x, int matrix, boolean strict) implements Derived {}

  /**
   * (g_1 g_2 .. g_t)^power x_t, the decay of what stands in front of the first token; to g_(t-1)
   * when strict.
   */
  public record Weighted(int x, int power, boolean strict) implements Derived {}

  /** One summand of the output. */
  public record Term(double coefficient, int signal) {}

  public Program {
    matrices = List.copyOf(matrices);
    derived = List.copyOf(derived);
    output = List.copyOf(output);
    limit("matrices", matrices.size(), MOST_MATRICES);
    limit("signals", derived.size(), MOST_DERIVED);
    limit("terms of the output", output.size(), MOST_TERMS);
    for (Matrix matrix : matrices) {
      limit("a decay of power", matrix.decayPower(), HIGHEST_POWER);
    }
  }

  /** Refuses what is too large. Throws {@link SettingsException} HLA_PROGRAM_SIZE. */
  static void limit(String what, long count, int most) {
    if (count > most) {
      throw new SettingsException(
          "HLA_PROGRAM_SIZE",
          String.format(
              Locale.ROOT,
              "the program, or the summary of a segment under it, needs %s %d, expected at most %d",
              what,
              count,
              most));
    }
  }

  /** The read that a signal is, or null. */
  Read read(int signal) {
    return signal >= FIRST_DERIVED && derived.get(signal - FIRST_DERIVED) instanceof Read read
        ? read
        : null;
  }

  /** The weighted signal that a signal is, or null. */
  Weighted weighted(int signal) {
    return signal >= FIRST_DERIVED
            && derived.get(signal - FIRST_DERIVED) instanceof Weighted weighted
        ? weighted
        : null;
  }

  /** The input whose columns a signal has. */
  public int columnsOf(int signal) {
    if (signal < FIRST_DERIVED) {
      return signal;
    }
    Read read = read(signal);
    return columnsOf(read == null ? weighted(signal).x() : matrices.get(read.matrix()).z());
  }

  /**
   * Columns of a signal: d for q and k, dv (and the ones column) for v, else those of its matrix.
   */
  public int width(int signal, AttentionSettings settings) {
    return columnsOf(signal) == VALUE ? settings.valueColumns() : settings.headDim();
  }

  /** Whether a matrix has rows of v, so that no column of ones can be appended to v. */
  boolean hasRowsOfValues() {
    return matrices.stream().anyMatch(matrix -> columnsOf(matrix.y()) == VALUE);
  }

  /** Collects a program; equal matrices and equal signals are one. */
  static final class Builder {
    private final List<Matrix> matrices = new ArrayList<>();
    private final List<Derived> derived = new ArrayList<>();
    private final List<Term> output = new ArrayList<>();

    /** Matrix {@code name} with decay g^decayPower, from zero; returns its index. */
    int matrix(String name, int y, int z, int decayPower) {
      return matrix(name, y, z, decayPower, 0);
    }

    /** The same from {@code diagonal} times the identity. */
    int matrix(String name, int y, int z, int decayPower, double diagonal) {
      return matrix(new Matrix(name, y, z, decayPower, diagonal), Set.of());
    }

    /** The index of an equal matrix whose name is none of {@code others}, or of a new one. */
    int matrix(Matrix matrix, Collection<String> others) {
      for (int m = 0; m < matrices.size(); m++) {
        Matrix known = matrices.get(m);
        if (!others.contains(known.name()) && known.named(matrix.name()).equals(matrix)) {
          return m;
        }
      }
      String name = matrix.name();
      while (isTaken(name)) {
        name += "'";
      }
      limit("matrices", matrices.size() + 1, MOST_MATRICES);
      matrices.add(matrix.named(name));
      return matrices.size() - 1;
    }

    private boolean isTaken(String name) {
      return matrices.stream().anyMatch(known -> known.name().equals(name));
    }

    /** The signal LA(x; M). */
    int read(int x, int matrix) {
      return derive(new Read(x, matrix, false));
    }

    /** The signal LA&lt;(x; M): without the token's own update. */
    int readBefore(int x, int matrix) {
      return derive(new Read(x, matrix, true));
    }

    int derive(Derived signal) {
      if (!derived.contains(signal)) {
        limit("signals", derived.size() + 1, MOST_DERIVED);
        derived.add(signal);
      }
      return FIRST_DERIVED + derived.indexOf(signal);
    }

    Builder output(double coefficient, int signal) {
      output.add(new Term(coefficient, signal));
      return this;
    }

    List<Matrix> matrices() {
      return List.copyOf(matrices);
    }

    /** The program so far. Throws {@link SettingsException} where it is too large. */
    Program build() {
      return new Program(matrices, derived, output);
    }
  }
}
