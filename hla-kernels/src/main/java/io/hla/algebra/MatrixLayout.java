package io.hla.algebra;

import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Where the matrices of all heads stand in one array: head after head, within a head in program
 * order, each row-major [rows][columns].
 */
public final class MatrixLayout {
  private static final int MOST_VALUES = Integer.MAX_VALUE - 64;

  private final List<Program.Matrix> matrices;
  private final int[] offsets;
  private final int[] rows;
  private final int[] columns;
  private final int headStride;
  private final int heads;
  private final AttentionSettings settings;
  private final Map<String, Integer> byName = new HashMap<>();

  /** The layout of some of {@code program}'s matrices. Throws if it has over 2^31 values. */
  MatrixLayout(Program program, List<Program.Matrix> matrices, AttentionSettings settings) {
    this.matrices = List.copyOf(matrices);
    this.heads = settings.numHeads();
    this.settings = settings;
    int n = matrices.size();
    offsets = new int[n];
    rows = new int[n];
    columns = new int[n];
    long stride = 0;
    for (int m = 0; m < n; m++) {
      rows[m] = program.width(matrices.get(m).y(), settings);
      columns[m] = program.width(matrices.get(m).z(), settings);
      offsets[m] = (int) stride;
      byName.put(matrices.get(m).name(), m);
      long area = (long) rows[m] * columns[m];
      // No columns: the largest value-dim and a column of ones.
      if (columns[m] < 1 || area > MOST_VALUES / heads - stride) {
        throw new SettingsException(
            "HLA_SIZE",
            String.format(
                Locale.ROOT,
                "the state of %d heads with head-dim %d and value-dim %d has over 2^31 values",
                heads,
                settings.headDim(),
                settings.valueDim()));
      }
      stride += area;
    }
    headStride = (int) stride;
  }

  public int heads() {
    return heads;
  }

  public int count() {
    return matrices.size();
  }

  /** Values of all heads. */
  public int size() {
    return headStride * heads;
  }

  public Program.Matrix matrix(int m) {
    return matrices.get(m);
  }

  public int rows(int m) {
    return rows[m];
  }

  public int columns(int m) {
    return columns[m];
  }

  /** Where matrix {@code m} of {@code head} starts. */
  public int offset(int head, int m) {
    return head * headStride + offsets[m];
  }

  /** The index of a matrix, or -1 when this layout does not have it. */
  int indexOf(String name) {
    return byName.getOrDefault(name, -1);
  }

  List<String> names() {
    List<String> names = new ArrayList<>();
    matrices.forEach(m -> names.add(m.name()));
    return names;
  }

  /** Whether a matrix is a sum of y_t y_t^T. */
  public boolean isSymmetric(int m) {
    return matrices.get(m).y() == matrices.get(m).z();
  }

  /**
   * The first head that has the same matrix: sums over k and v alone are one for all query heads of
   * a KV head that decay alike. Gates are every head's own.
   */
  int owner(int head, int m) {
    Program.Matrix matrix = matrices.get(m);
    if (settings.gated() || !isShared(matrix.y()) || !isShared(matrix.z())) {
      return head;
    }
    int first = settings.kvHead(head) * (heads / settings.numKvHeads());
    while (matrix.decayPower() != 0
        && !settings.decay().get(first).equals(settings.decay().get(head))) {
      first++;
    }
    return first;
  }

  private static boolean isShared(int signal) {
    return signal == Program.KEY || signal == Program.VALUE;
  }

  /** Values of all heads when symmetric matrices are triangles and shared ones stand once. */
  long packedSize() {
    long size = 0;
    for (int head = 0; head < heads; head++) {
      for (int m = 0; m < matrices.size(); m++) {
        if (owner(head, m) == head) {
          size += isSymmetric(m) ? rows[m] * (rows[m] + 1L) / 2 : (long) rows[m] * columns[m];
        }
      }
    }
    return size;
  }

  /** Writes each matrix once: symmetric ones row by row from the diagonal on. */
  void pack(double[] values, DoubleBuffer to) {
    for (int head = 0; head < heads; head++) {
      for (int m = 0; m < matrices.size(); m++) {
        int at = offset(head, m);
        if (owner(head, m) != head) {
          continue;
        }
        if (!isSymmetric(m)) {
          to.put(values, at, rows[m] * columns[m]);
          continue;
        }
        for (int row = 0; row < rows[m]; row++) {
          to.put(values, at + row * columns[m] + row, columns[m] - row);
        }
      }
    }
  }

  /** Reads what {@link #pack} wrote. */
  double[] unpack(DoubleBuffer from) {
    double[] values = new double[size()];
    for (int head = 0; head < heads; head++) {
      for (int m = 0; m < matrices.size(); m++) {
        int at = offset(head, m);
        if (owner(head, m) != head) {
          continue;
        }
        if (!isSymmetric(m)) {
          from.get(values, at, rows[m] * columns[m]);
          continue;
        }
        for (int row = 0; row < rows[m]; row++) {
          from.get(values, at + row * columns[m] + row, columns[m] - row);
        }
      }
    }
    unify(values);
    return values;
  }

  /**
   * Makes symmetric matrices symmetric to the bit, and shared ones equal to the bit, so that
   * packing loses nothing. Kernels may round the two sides of the diagonal apart.
   */
  void unify(double[] values) {
    for (int head = 0; head < heads; head++) {
      for (int m = 0; m < matrices.size(); m++) {
        int at = offset(head, m);
        if (owner(head, m) != head) {
          System.arraycopy(values, offset(owner(head, m), m), values, at, rows[m] * columns[m]);
        } else if (isSymmetric(m)) {
          for (int row = 1; row < rows[m]; row++) {
            for (int column = 0; column < row; column++) {
              values[at + row * columns[m] + column] = values[at + column * columns[m] + row];
            }
          }
        }
      }
    }
  }

  /** Copies one matrix of all heads from one array to another. */
  static void copy(
      String name, MatrixLayout from, double[] source, MatrixLayout to, double[] target) {
    int here = from.indexOf(name);
    int there = to.indexOf(name);
    for (int head = 0; head < to.heads; head++) {
      System.arraycopy(
          source,
          from.offset(head, here),
          target,
          to.offset(head, there),
          to.rows[there] * to.columns[there]);
    }
  }
}
