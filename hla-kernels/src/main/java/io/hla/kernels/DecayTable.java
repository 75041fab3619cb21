package io.hla.kernels;

/**
 * Powers of one rate, as factors of rows and of whole score rows. No power is ever divided by: a
 * quotient of two underflowed powers would be lost.
 *
 * @param powers rate^n for n from 0 to the length of a block
 * @param lags row n holds rate^(n - s) in column s, s &lt;= n, for n from 0 to the length of a
 *     block
 */
record DecayTable<A>(double[] powers, A[] lags) {

  static <A> DecayTable<A> of(Rows<A> rows, double g, int decayPower, int block) {
    double[] powers = new double[block + 1];
    for (int n = 0; n <= block; n++) {
      powers[n] = StrictMath.pow(g, (double) n * decayPower);
    }
    A[] lags = rows.rows(block + 1, block);
    for (int n = 0; n <= block; n++) {
      for (int s = 0; s < block && s <= n; s++) {
        rows.put(lags[n], s, powers[n - s]);
      }
    }
    return new DecayTable<>(powers, lags);
  }
}
