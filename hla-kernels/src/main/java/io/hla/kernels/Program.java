package io.hla.kernels;

import java.util.ArrayList;
import java.util.List;

/**
 * An operator as a short list of linear attentions over <em>signals</em>: one row per token and
 * head. Signals 0, 1, 2 are q, k, v; signal 3 + i is the output of read i.
 *
 * @param matrices the matrices that the program keeps; each token adds y_t z_t^T to each of them
 * @param reads in an order in which every operand comes before its use and, for each matrix, the
 *     strict reads (before the token's update) come before the inclusive ones
 * @param output what a token's output is the sum of; empty when only the matrices are wanted
 */
record Program(List<Matrix> matrices, List<Read> reads, List<Term> output) {
  static final int QUERY = 0;
  static final int KEY = 1;
  static final int VALUE = 2;
  static final int FIRST_READ = 3;

  /**
   * M_t = g^decayPower M_(t-1) + y_t z_t^T.
   *
   * @param name the paper's symbol, unique in a program
   * @param y signal whose width is the number of rows
   * @param z signal whose width is the number of columns
   * @param diagonal M_0 = diagonal I stands in front of the first token
   */
  record Matrix(String name, int y, int z, int decayPower, double diagonal) {}

  /** x_t^T M_t, or x_t^T M_(t-1) when strict. */
  record Read(int x, int matrix, boolean strict) {}

  /** One summand of the output. */
  record Term(double coefficient, int signal) {}

  Program {
    matrices = List.copyOf(matrices);
    reads = List.copyOf(reads);
    output = List.copyOf(output);
  }

  /**
   * Columns of a signal: d for q and k, dv (and the ones column) for v, else those of its matrix.
   */
  int width(int signal, AttentionSettings settings) {
    if (signal < VALUE) {
      return settings.headDim();
    }
    return signal == VALUE
        ? settings.valueColumns()
        : width(matrices.get(reads.get(signal - FIRST_READ).matrix()).z(), settings);
  }

  /** Collects a program; equal matrices and equal reads are one. */
  static final class Builder {
    private final List<Matrix> matrices = new ArrayList<>();
    private final List<Read> reads = new ArrayList<>();
    private final List<Term> output = new ArrayList<>();

    /** Matrix {@code name} with decay g^decayPower, from zero; returns its index. */
    int matrix(String name, int y, int z, int decayPower) {
      return matrix(name, y, z, decayPower, 0);
    }

    /** The same from {@code diagonal} times the identity. */
    int matrix(String name, int y, int z, int decayPower, double diagonal) {
      Matrix matrix = new Matrix(name, y, z, decayPower, diagonal);
      if (!matrices.contains(matrix)) {
        matrices.add(matrix);
      }
      return matrices.indexOf(matrix);
    }

    /** The signal LA(x; M). */
    int read(int x, int matrix) {
      return read(new Read(x, matrix, false));
    }

    /** The signal LA&lt;(x; M): without the token's own update. */
    int readBefore(int x, int matrix) {
      return read(new Read(x, matrix, true));
    }

    private int read(Read read) {
      if (!reads.contains(read)) {
        reads.add(read);
      }
      return FIRST_READ + reads.indexOf(read);
    }

    Builder output(double coefficient, int signal) {
      output.add(new Term(coefficient, signal));
      return this;
    }

    List<Matrix> matrices() {
      return List.copyOf(matrices);
    }

    Program build() {
      return new Program(matrices, reads, output);
    }
  }
}
