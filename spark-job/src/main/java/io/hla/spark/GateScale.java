package io.hla.spark;

/** What the numbers of a gate column are. */
public enum GateScale {
  /** Gates, from 0 to 1. */
  LINEAR {
    @Override
    public double gate(double number) {
      return number >= 0 && number <= 1 ? number : Double.NaN;
    }

    @Override
    public String expected() {
      return "a gate from 0 to 1";
    }
  },
  /** Natural logarithms of gates, at most 0; that of the gate 0 is -Infinity. */
  LOG {
    @Override
    public double gate(double number) {
      return number <= 0 ? StrictMath.exp(number) : Double.NaN;
    }

    @Override
    public String expected() {
      return "the logarithm of a gate, at most 0";
    }
  };

  /** The gate that a number of the column stands for; NaN if it stands for none. */
  public abstract double gate(double number);

  /** What a number of the column has to be, for messages. */
  public abstract String expected();
}
