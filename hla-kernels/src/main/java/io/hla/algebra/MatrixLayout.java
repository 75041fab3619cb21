package io.hla.algebra;

import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Where the matrices of all heads stand in one array: head after head, within a head in program
 * order, each row-major [rows][columns]. Sums over k and v alone stand once for the query heads of
 * a KV head that decay alike, at the first of them.
 */
public final class MatrixLayout {
  private static final int MOST_VALUES = Integer.MAX_VALUE - 64;
  private static final int MOST_MATRICES = 1 << 20;

  private final List<Program.Matrix> matrices;
  private final int[] rows;
  private final int[] columns;

  /** Of every matrix of every head. */
  private final int[] offsets;

  private final int[] owners;
  private final int size;
  private final int heads;
  private final Map<String, Integer> byName = new HashMap<>();

  /** The layout of some of {@code program}'s matrices. Throws if it is too large. */
  MatrixLayout(Program program, List<Program.Matrix> matrices, AttentionSettings settings) {
    this.matrices = List.copyOf(matrices);
    this.heads = settings.numHeads();
    int n = matrices.size();
    rows = new int[n];
    columns = new int[n];
    for (int m = 0; m < n; m++) {
      rows[m] = program.width(matrices.get(m).y(), settings);
      columns[m] = program.width(matrices.get(m).z(), settings);
      byName.put(matrices.get(m).name(), m);
    }
    if (n > 0 && heads > MOST_MATRICES / n) {
      throw tooLarge(settings, "2^20 matrices");
    }
    offsets = new int[heads * n];
    owners = new int[heads * n];
    size = layOut(settings);
  }

  /** Gives every matrix its place; returns the number of values. */
  private int layOut(AttentionSettings settings) {
    int group = heads / settings.numKvHeads();
    Map<Double, Integer> firstOfDecay = new HashMap<>();
    long used = 0;
    for (int head = 0; head < heads; head++) {
      int firstOfGroup = head - head % group;
      if (head == firstOfGroup) {
        firstOfDecay.clear();
      }
      firstOfDecay.putIfAbsent(settings.decay().get(head), head);
      int alike = firstOfDecay.get(settings.decay().get(head));
      for (int m = 0; m < count(); m++) {
        int at = head * count() + m;
        Program.Matrix matrix = matrices.get(m);
        // Gates are every head's own.
        boolean isShared = !settings.gated() && isShared(matrix.y()) && isShared(matrix.z());
        owners[at] = !isShared ? head : matrix.decayPower() == 0 ? firstOfGroup : alike;
        if (owners[at] != head) {
          offsets[at] = offsets[owners[at] * count() + m];
          continue;
        }
        offsets[at] = (int) used;
        used += (long) rows[m] * columns[m];
        // No columns: the largest value-dim and a column of ones.
        if (columns[m] < 1 || used > MOST_VALUES) {
          throw tooLarge(settings, "2^31 values");
        }
      }
    }
    return (int) used;
  }

  private static SettingsException tooLarge(AttentionSettings settings, String most) {
    return new SettingsException(
        "HLA_SIZE",
        String.format(
            Locale.ROOT,
            "the state of %d heads with head-dim %d and value-dim %d has over %s",
            settings.numHeads(),
            settings.headDim(),
            settings.valueDim(),
            most));
  }

  private static boolean isShared(int signal) {
    return signal == Program.KEY || signal == Program.VALUE;
  }

  public int heads() {
    return heads;
  }

  public int count() {
    return matrices.size();
  }

  /** Values of all heads, shared matrices once. */
  public int size() {
    return size;
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
    return offsets[head * count() + m];
  }

  /** The first of the heads that have this matrix of {@code head}. */
  public int owner(int head, int m) {
    return owners[head * count() + m];
  }

  /** Whether {@code head} is the first, or the only one, that has its matrix {@code m}. */
  public boolean owns(int head, int m) {
    return owner(head, m) == head;
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

  /** Values of all heads when symmetric matrices are triangles. */
  long packedSize() {
    long size = 0;
    for (int head = 0; head < heads; head++) {
      for (int m = 0; m < matrices.size(); m++) {
        if (owns(head, m)) {
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
        if (!owns(head, m)) {
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
        if (!owns(head, m)) {
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
    mirror(values);
    return values;
  }

  /**
   * Makes symmetric matrices symmetric to the bit, so that packing loses nothing. Kernels may round
   * the two sides of the diagonal apart.
   */
  void mirror(double[] values) {
    for (int head = 0; head < heads; head++) {
      for (int m = 0; m < matrices.size(); m++) {
        if (!owns(head, m) || !isSymmetric(m)) {
          continue;
        }
        int at = offset(head, m);
        for (int row = 1; row < rows[m]; row++) {
          for (int column = 0; column < row; column++) {
            values[at + row * columns[m] + column] = values[at + column * columns[m] + row];
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
      if (to.owns(head, there)) {
        System.arraycopy(
            source,
            from.offset(head, here),
            target,
            to.offset(head, there),
            to.rows[there] * to.columns[there]);
      }
    }
  }
}
