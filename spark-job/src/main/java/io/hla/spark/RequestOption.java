package io.hla.spark;

import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.types.DataType;

/**
 * One of the things that a request can be asked for by name, in SQL, spark.ml and Python; enums
 * list all of a request.
 *
 * @param <R> the request, which is immutable
 */
public interface RequestOption<R> {
  /** The name of the constant. */
  String name();

  /** The name in SQL and Python, such as {@code num_heads}. */
  default String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The type of its values: a string, integer, bigint, double or boolean, or an array. */
  DataType type();

  /** What it means and what it is where nothing is said, on one line. */
  String description();

  /** Whether there is no request without it. */
  default boolean required() {
    return false;
  }

  /**
   * The request with this option.
   *
   * @param value a String, Integer, Long, Double, Boolean, double[] or String[], as {@link #type}
   *     asks
   * @throws InputException if it is none of the values that there are: HLA_OPTION_VALUE, or what
   *     the request says
   * @throws io.hla.algebra.SettingsException for settings that there are not
   */
  R set(R request, Object value);

  /**
   * Refuses a value that is wrong by itself, whatever other options say.
   *
   * @throws RuntimeException as {@link #set} does
   */
  void check(Object value);

  /** A request with options, set in the order of their enum. */
  static <R, O extends Enum<O> & RequestOption<R>> R setAll(R request, Map<O, ?> values) {
    R all = request;
    for (Map.Entry<O, ?> option : new TreeMap<>(values).entrySet()) {
      all = option.getKey().set(all, option.getValue());
    }
    return all;
  }
}
