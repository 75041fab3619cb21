package io.hla.spark;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The value of an option, read as what the option's type says it is.
 *
 * @param key name of the option
 * @param value a String, Integer, Long, Double, Boolean, double[] or String[]
 */
public record OptionValue(String key, Object value) {

  /** What happens to NaN and infinity. */
  private enum OnNonFinite {
    FAIL,
    PROPAGATE
  }

  /** A string. */
  public String text() {
    return (String) value;
  }

  /** A string whose letters may be of either case, in lower case. */
  public String word() {
    return text().toLowerCase(Locale.ROOT);
  }

  /** An integer. */
  public int integer() {
    return (Integer) value;
  }

  /** A bigint. */
  public long longInteger() {
    return (Long) value;
  }

  /** A double. */
  public double number() {
    return (Double) value;
  }

  /** A boolean. */
  public boolean flag() {
    return (Boolean) value;
  }

  /** An array of doubles. */
  public double[] numbers() {
    return (double[]) value;
  }

  /** An array of strings. */
  public String[] names() {
    return (String[]) value;
  }

  /** Whether NaN and infinity are refused: fail or propagate. */
  public boolean refusesNonFinite() {
    return choice(OnNonFinite.class) == OnNonFinite.FAIL;
  }

  /**
   * The constant of that name, in either case.
   *
   * @throws InputException HLA_OPTION_VALUE if there is none
   */
  public <E extends Enum<E>> E choice(Class<E> type) {
    List<String> names =
        Arrays.stream(type.getEnumConstants())
            .map(constant -> constant.name().toLowerCase(Locale.ROOT))
            .toList();
    int at = names.indexOf(word());
    if (at < 0) {
      throw new InputException(
          "HLA_OPTION_VALUE",
          String.format(
              Locale.ROOT, "%s is %s, expected %s", key, text(), String.join(", ", names)));
    }
    return type.getEnumConstants()[at];
  }
}
