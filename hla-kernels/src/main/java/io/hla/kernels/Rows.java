package io.hla.kernels;

/**
 * The arithmetic of one element type: every loop of {@link JavaKernel} over the elements of rows. A
 * matrix is an array of rows; {@code from} and {@code end} are columns.
 *
 * <p>The compiler vectorizes a loop only when one index without an offset runs over all its arrays.
 * That is why rows are arrays of their own and operands stand in the same columns.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
interface Rows<A> {

  /** New rows of zeros. */
  A[] rows(int count, int length);

  /** row[column] = value. */
  void put(A row, int column, double value);

  /** row[column]. */
  double at(A row, int column);

  /** row[from ..] = the {@code count} values at {@code at}. */
  void set(A row, int from, double[] values, int at, int count);

  /** The {@code count} values at {@code at} = row[from ..]. */
  void get(A row, int from, double[] values, int at, int count);

  /** row = 0. */
  void clear(A row, int from, int end);

  /** row /= divisor. */
  void divide(A row, double divisor, int from, int end);

  /** to = left * right, element by element; any of them may be the same. */
  void multiply(A to, A left, A right, int from, int end);

  /** to += factor * row. */
  void add(A to, double factor, A row, int from, int end);

  /**
   * Each of the first {@code count} rows of {@code to} = the sum over i below {@code inner} of its
   * factors[first + i] times row i of {@code right}.
   */
  void product(A[] to, int count, A[] factors, int first, int inner, A[] right, int from, int end);

  /** Each row of {@code to} = keep times itself + the same sum; factors from column 0 on. */
  void addProduct(A[] to, double keep, A[] factors, int inner, A[] right, int from, int end);

  /**
   * Row t below {@code count} = keep[t + lag] times itself + the sum of its factors[s] times row s
   * of {@code right} for s below t + lag; what stands behind them is not looked at.
   *
   * @param keep null for 1
   * @param lag 1, or 0 to leave out s = t
   */
  void addLowerProduct(
      A[] to, int count, double[] keep, int lag, A[] factors, A[] right, int from, int end);

  /**
   * Row i of {@code to}, from column 0 on = column {@code from + i} of the first {@code count}
   * rows.
   */
  void transpose(A[] rows, int count, int from, A[] to);

  /** row = map(factor row). */
  void map(FeatureMap map, double factor, A row, int from, int end);

  /** The sums at {@code at} = rho times themselves + added; row = the new sums, rounded. */
  void accumulate(double[] sums, int at, double rho, A added, A row, int from, int end);
}
