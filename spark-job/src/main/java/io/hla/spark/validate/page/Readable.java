package io.hla.spark.validate.page;

import java.util.Locale;

/** Numbers as people read them. */
final class Readable {
  private static final String[] BYTES = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

  private Readable() {}

  static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }

  /** With three digits or so: 840 B, 12.3 MB. */
  static String bytes(double bytes) {
    int unit = 0;
    double value = bytes;
    while (value >= 999.5 && unit < BYTES.length - 1) {
      value /= 1000;
      unit++;
    }
    return digits(value) + " " + BYTES[unit];
  }

  static String seconds(double seconds) {
    return seconds < 0.01 && seconds > 0 ? "< 0.01 s" : digits(seconds) + " s";
  }

  /** A relative error: 0, 1.8e-7, or a dash where there is none. */
  static String error(double error) {
    if (Double.isNaN(error)) {
      return "-";
    }
    return error == 0
        ? "0"
        : String.format(Locale.ROOT, "%.1e", error)
            .replaceFirst("(\\.0)?e\\+?(-?)0*(?=\\d)", "e$2");
  }

  /** summaryBytesMoved becomes summary bytes moved. */
  static String words(String camelCase) {
    return camelCase.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
  }

  static String escape(String text) {
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
