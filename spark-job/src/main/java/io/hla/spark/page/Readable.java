package io.hla.spark.page;

import java.util.Locale;

/** Numbers as people read them. */
public final class Readable {
  private static final String[] BYTES = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

  private Readable() {}

  public static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** With three digits or so: 840 B, 12.3 MB. */
  public static String bytes(double bytes) {
    int unit = 0;
    double value = bytes;
    while (value >= 999.5 && unit < BYTES.length - 1) {
      value /= 1000;
      unit++;
    }
    return digits(value) + " " + BYTES[unit];
  }

  public static String seconds(double seconds) {
    return seconds < 0.01 && seconds > 0 ? "< 0.01 s" : digits(seconds) + " s";
  }

  /** A time that is yet to pass: 45 s, 12 min, 3 h 20 min. */
  public static String duration(double seconds) {
    long minutes = Math.round(seconds / 60);
    if (seconds < 99.5) {
      return Math.round(seconds) + " s";
    }
    return minutes < 120 ? minutes + " min" : minutes / 60 + " h " + minutes % 60 + " min";
  }

  /** A relative error: 0, 1.8e-7, or a dash where there is none. */
  public static String error(double error) {
    if (Double.isNaN(error)) {
      return "-";
    }
    return error == 0
        ? "0"
        : String.format(Locale.ROOT, "%.1e", error)
            .replaceFirst("(\\.0)?e\\+?(-?)0*(?=\\d)", "e$2");
  }

  /**
   * A figure of a report.
   *
   * @param name which says its unit: {@code summaryBytesMoved} are bytes
   */
  public static String value(String name, Object value) {
    if (!(value instanceof Number number)) {
      return String.valueOf(value);
    }
    if (name.toLowerCase(Locale.ROOT).contains("bytes")) {
      return bytes(number.doubleValue());
    }
    if (name.endsWith("econds")) {
      return seconds(number.doubleValue());
    }
    return number instanceof Double || number instanceof Float
        ? error(number.doubleValue())
        : count(number.longValue());
  }

  public static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** At most two decimals, none that is zero. */
  private static String digits(double value) {
    String text =
        String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%,.0f", value);
    return text.contains(".") ? text.replaceFirst("\\.?0+$", "") : text;
  }
}
