package io.hla.spark.model;

import java.util.regex.Pattern;

/** Names of files that stand in the folder of a model and nowhere else. */
final class PlainName {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_-][A-Za-z0-9._-]{0,254}");

  /** What {@link #is} asks for, as messages say it. */
  static final String EXPECTED = "the name of a file beside it, of letters, digits, '.', '_', '-'";

  private PlainName() {}

  static boolean is(String name) {
    return PLAIN.matcher(name).matches();
  }
}
