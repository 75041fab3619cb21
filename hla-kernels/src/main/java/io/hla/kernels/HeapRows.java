package io.hla.kernels;

/** Tokens in Java's arrays. */
final class HeapRows extends TokenRows {
  private final float[][] floats;
  private final double[][] doubles;

  HeapRows(AttentionSettings settings, int capacity) {
    super(settings, capacity);
    Part[] parts = Part.values();
    boolean isDouble = settings.precision().isDouble();
    floats = isDouble ? null : new float[parts.length][];
    doubles = isDouble ? new double[parts.length][] : null;
    for (Part part : parts) {
      int length = capacity * width(part);
      if (isDouble) {
        doubles[part.ordinal()] = new double[length];
      } else {
        floats[part.ordinal()] = new float[length];
      }
    }
  }

  /** A copy of the q, k and v of the first tokens. */
  static HeapRows copy(TokenRows rows, int tokens) {
    HeapRows copy = new HeapRows(rows.settings(), Math.max(1, tokens));
    for (Part part : new Part[] {Part.QUERY, Part.KEY, Part.VALUE}) {
      for (int i = 0; i < tokens * copy.width(part); i++) {
        copy.set(part, i, rows.get(part, i));
      }
    }
    return copy;
  }

  /** Copies the outputs of the first tokens to other rows. */
  void copyOutputs(TokenRows to, int tokens) {
    for (int i = 0; i < tokens * width(Part.OUTPUT); i++) {
      to.set(Part.OUTPUT, i, get(Part.OUTPUT, i));
    }
  }

  float[] floats(Part part) {
    return floats[part.ordinal()];
  }

  double[] doubles(Part part) {
    return doubles[part.ordinal()];
  }

  @Override
  public Object array(Part part) {
    return doubles != null ? doubles(part) : floats(part);
  }

  @Override
  public long address(Part part) {
    return 0;
  }

  @Override
  public double get(Part part, int index) {
    return doubles != null ? doubles(part)[index] : floats(part)[index];
  }

  @Override
  public void set(Part part, int index, double number) {
    if (doubles != null) {
      doubles(part)[index] = number;
    } else {
      floats(part)[index] = (float) number;
    }
  }

  @Override
  public boolean isFinite(Part part, int tokens) {
    check(tokens);
    int length = tokens * width(part);
    return doubles != null ? Finite.all(doubles(part), length) : Finite.all(floats(part), length);
  }

  @Override
  public void close() {}
}
