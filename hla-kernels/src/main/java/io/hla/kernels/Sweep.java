package io.hla.kernels;

import java.util.Arrays;
import java.util.List;

/**
 * A sweep over one matrix: some rows of it stay near while a batch of tokens goes by, each of which
 * is read, updates, and is read again.
 *
 * <pre>
 *   strict reads      out_t = x_t^T M
 *   update            M &lt;- decay_t M + y_t z_t^T
 *   inclusive reads   out_t = x_t^T M
 * </pre>
 *
 * <p>Every element of M and of out is a sum in the order of tokens and rows, wherever a batch ends.
 */
final class Sweep implements BatchStep {

  /**
   * One read of the matrix by one head.
   *
   * @param x [tokens][rows]
   * @param out [tokens][columns]
   */
  record Reader(double[][] x, double[][] out) {}

  private final double[][] matrix;
  private final double[][] y;
  private final double[][] z;
  private final double[] decays;
  private final Reader[] strict;
  private final Reader[] inclusive;

  /** The rows of a tile in front of the batch; null where the matrix moves on. */
  private final double[][] before;

  /**
   * @param matrix [rows][columns]
   * @param y [tokens][rows]
   * @param z [tokens][columns]
   * @param decays [tokens]; null for no decay
   * @param keeps whether the matrix moves on, else a later sweep begins where this one does
   */
  Sweep(
      double[][] matrix,
      double[][] y,
      double[][] z,
      double[] decays,
      List<Reader> strict,
      List<Reader> inclusive,
      boolean keeps) {
    this.matrix = matrix;
    this.y = y;
    this.z = z;
    this.decays = decays;
    this.strict = strict.toArray(Reader[]::new);
    this.inclusive = inclusive.toArray(Reader[]::new);
    before = keeps ? null : new double[4][z[0].length];
  }

  @Override
  public void run(int tokens) {
    clear(strict, tokens);
    clear(inclusive, tokens);
    boolean isFused = strict.length == 0 && inclusive.length == 1;
    int most = isFused && decays != null ? 3 : 4;
    int i = 0;
    while (i < matrix.length) {
      int rows = i + most <= matrix.length ? most : 1;
      save(i, rows);
      if (isFused) {
        updateAndRead(i, rows, tokens);
      } else {
        updateAndReadMany(i, rows, tokens);
      }
      restore(i, rows);
      i += rows;
    }
  }

  private static void clear(Reader[] readers, int tokens) {
    for (Reader reader : readers) {
      for (int t = 0; t < tokens; t++) {
        Arrays.fill(reader.out[t], 0);
      }
    }
  }

  private void save(int i, int rows) {
    for (int row = 0; before != null && row < rows; row++) {
      System.arraycopy(matrix[i + row], 0, before[row], 0, before[row].length);
    }
  }

  private void restore(int i, int rows) {
    for (int row = 0; before != null && row < rows; row++) {
      System.arraycopy(before[row], 0, matrix[i + row], 0, before[row].length);
    }
  }

  private void updateAndRead(int i, int rows, int tokens) {
    double[][] x = inclusive[0].x;
    double[][] out = inclusive[0].out;
    if (rows == 4) {
      for (int t = 0; t < tokens; t++) {
        Tile.updateAndRead4(matrix, i, y[t], z[t], x[t], out[t]);
      }
    } else if (rows == 3) {
      for (int t = 0; t < tokens; t++) {
        Tile.updateAndRead3(matrix, i, decays[t], y[t], z[t], x[t], out[t]);
      }
    } else {
      for (int t = 0; t < tokens; t++) {
        Tile.updateAndRead1(matrix, i, decay(t), y[t], z[t], x[t], out[t]);
      }
    }
  }

  private void updateAndReadMany(int i, int rows, int tokens) {
    boolean inPairs = rows == 4 && decays == null && strict.length + inclusive.length == 0;
    int t = 0;
    for (; inPairs && t + 2 <= tokens; t += 2) {
      Tile.updateTwice4(matrix, i, y[t], z[t], y[t + 1], z[t + 1]);
    }
    for (; t < tokens; t++) {
      read(strict, i, rows, t);
      if (rows == 4) {
        Tile.update4(matrix, i, decay(t), y[t], z[t]);
      } else {
        Tile.update1(matrix, i, decay(t), y[t], z[t]);
      }
      read(inclusive, i, rows, t);
    }
  }

  private void read(Reader[] readers, int i, int rows, int t) {
    for (Reader reader : readers) {
      if (rows == 4) {
        Tile.read4(matrix, i, reader.x[t], reader.out[t]);
      } else {
        Tile.read1(matrix, i, reader.x[t], reader.out[t]);
      }
    }
  }

  private double decay(int t) {
    return decays == null ? 1 : decays[t];
  }
}
