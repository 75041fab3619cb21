package io.hla.kernels;

import io.hla.algebra.AttentionSettings;

/** Tokens in Java's arrays. */
final class HeapRows extends TokenRows {
  private final Numbers[] numbers = new Numbers[Part.values().length];

  HeapRows(AttentionSettings settings, int capacity, Element input, Element output) {
    super(settings, capacity, input, output);
    for (Part part : Part.values()) {
      numbers[part.ordinal()] = Numbers.zeros(element(part), capacity * width(part));
    }
  }

  /** A copy of all but the outputs of the first tokens. */
  static HeapRows copy(TokenRows rows, int tokens) {
    HeapRows copy =
        new HeapRows(
            rows.settings(),
            Math.max(1, tokens),
            rows.element(Part.QUERY),
            rows.element(Part.OUTPUT));
    for (Part part : new Part[] {Part.QUERY, Part.KEY, Part.VALUE, Part.GATE}) {
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

  Tokens tokens(boolean withOutput) {
    return new Tokens(
        numbers(Part.QUERY),
        numbers(Part.KEY),
        numbers(Part.VALUE),
        settings().gated() ? numbers(Part.GATE).doubles() : null,
        withOutput ? numbers(Part.OUTPUT) : null);
  }

  private Numbers numbers(Part part) {
    return numbers[part.ordinal()];
  }

  @Override
  public Object array(Part part) {
    Numbers array = numbers(part);
    return array.element() == Element.FLOAT ? array.floats() : array.doubles();
  }

  @Override
  public long address(Part part) {
    return 0;
  }

  @Override
  public double get(Part part, int index) {
    return numbers(part).get(index);
  }

  @Override
  public void set(Part part, int index, double number) {
    numbers(part).set(index, number);
  }

  @Override
  public boolean isFinite(Part part, int tokens) {
    check(tokens);
    return numbers(part).isFinite(tokens * width(part));
  }

  @Override
  void free() {}
}
