package io.hla.spark.validate;

/**
 * One line of the verdict.
 *
 * @param name what was checked
 * @param error the largest error found, relative to the largest value; NaN where there is none
 * @param limit what it was compared with
 * @param isControl whether this is a negative control: something wrong that has to be noticed
 * @param passed whether the error kept to the limit, or the wrong thing was noticed
 * @param detail on what it was checked
 */
public record Check(
    String name, double error, double limit, boolean isControl, boolean passed, String detail) {

  /** A property that holds when the error is at most the limit. NaN never passes. */
  static Check atMost(String name, double error, double limit, String detail) {
    return new Check(name, error, limit, false, error <= limit, detail);
  }

  /** What cannot be checked, and why. */
  static Check absent(String name, String reason) {
    return new Check(name, Double.NaN, Double.NaN, false, true, reason);
  }

  /** A control that is caught when the error is above the limit. */
  static Check caught(String name, double error, double limit, String detail) {
    return new Check(name, error, limit, true, error > limit, detail);
  }

  /** A control that is caught when the right check noticed it, by an error above the limit. */
  static Check caught(String name, boolean noticed, double error, double limit, String detail) {
    return new Check(name, error, limit, true, noticed && error > limit, detail);
  }

  /** A control that is caught when an error was raised. */
  static Check refused(String name, boolean raised, String detail) {
    return new Check(name, Double.NaN, Double.NaN, true, raised, detail);
  }

  /** Whether something was checked. */
  public boolean applies() {
    return isControl || !passed || !Double.isNaN(limit);
  }

  /** What came of it in a word: holds, caught, FAILS or absent. */
  public String result() {
    return !passed ? "FAILS" : isControl ? "caught" : applies() ? "holds" : "absent";
  }
}
