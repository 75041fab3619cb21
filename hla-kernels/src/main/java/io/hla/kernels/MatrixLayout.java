package io.hla.kernels;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the matrices of all heads stand in one array: head after head, within a head in program
 * order, each row-major [rows][columns].
 */
final class MatrixLayout {
  private final List<Program.Matrix> matrices;
  private final int[] offsets;
  private final int[] rows;
  private final int[] columns;
  private final int headStride;
  private final int heads;
  private final Map<String, Integer> byName = new HashMap<>();

  /** The layout of some of {@code program}'s matrices. Throws if it has over 2^31 values. */
  MatrixLayout(Program program, List<Program.Matrix> matrices, AttentionSettings settings) {
    this.matrices = List.copyOf(matrices);
    this.heads = settings.numHeads();
    int n = matrices.size();
    offsets = new int[n];
    rows = new int[n];
    columns = new int[n];
    long stride = 0;
    for (int m = 0; m < n; m++) {
      rows[m] = program.width(matrices.get(m).y(), settings);
      columns[m] = program.width(matrices.get(m).z(), settings);
      offsets[m] = (int) stride;
      stride += (long) rows[m] * columns[m];
      byName.put(matrices.get(m).name(), m);
      if (stride * heads > Integer.MAX_VALUE - 64) {
        throw new SettingsException(
            "HLA_SIZE",
            String.format(
                "the state of %d heads with head-dim %d and value-dim %d has over 2^31 values",
                heads, settings.headDim(), settings.valueDim()));
      }
    }
    headStride = (int) stride;
  }

  int heads() {
    return heads;
  }

  int count() {
    return matrices.size();
  }

  /** Values of all heads. */
  int size() {
    return headStride * heads;
  }

  Program.Matrix matrix(int m) {
    return matrices.get(m);
  }

  int rows(int m) {
    return rows[m];
  }

  int columns(int m) {
    return columns[m];
  }

  /** Where matrix {@code m} of {@code head} starts. */
  int offset(int head, int m) {
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
