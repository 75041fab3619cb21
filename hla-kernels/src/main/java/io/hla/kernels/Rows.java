package io.hla.kernels;

/**
 * The arithmetic of one element type: every loop of {@link JavaKernel} over the elements of rows. A
 * matrix is an array of rows.
 *
 * <p>The compiler vectorizes a loop only when all its arrays run over one index without an offset,
 * which is why rows are arrays of their own and columns start at 0.
 *
 * @param <A> {@code float[]} or {@code double[]}
 */
interface Rows<A> {

  /** New rows of zeros. */
  A[] rows(int count, int length);

  /** row = from[at ...]. */
  void set(A row, double[] from, int at, int length);

  /** to[at ...] = row. */
  void get(A row, double[] to, int at, int length);

  /** row = 0. */
  void clear(A row, int length);

  /** One element. */
  double at(A row, int index);

  /** One element. */
  void put(A row, int index, double value);

  /** row *= factor. */
  void scale(A row, double factor, int length);

  /** row /= divisor. */
  void divide(A row, double divisor, int length);

  /** to = left * right, element by element; any of them may be the same. */
  void multiply(A to, A left, A right, int length);

  /** to += factor * from. */
  void add(A to, double factor, A from, int length);

  /**
   * to += factors^T right: the sum over i below {@code inner} of factors[i] times row i of {@code
   * right}. Rows from {@code inner} on are not looked at.
   */
  void addProduct(A to, A factors, int inner, A[] right, int columns);

  /** Transposes {@code rows} rows of {@code columns} elements. */
  void transpose(A[] from, int rows, int columns, A[] to);

  /** row = map(factor row). */
  void map(FeatureMap map, double factor, A row, int length);

  /** sums = rho sums + added for {@code sums} from {@code at} on; rounded = the new sums. */
  void accumulate(double[] sums, int at, double rho, A added, A rounded, int length);
}
