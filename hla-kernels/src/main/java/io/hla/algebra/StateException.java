package io.hla.algebra;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/** A state or summary that cannot be used here; {@link #condition()} names why. */
public final class StateException extends RefusedException {
  private static final long serialVersionUID = 1L;

  StateException(String condition, String message) {
    super(condition, message);
  }

  /**
   * Refuses to mix settings.
   *
   * @throws StateException with every setting that differs, both values printed
   */
  public static void checkSame(String action, AttentionSettings ours, AttentionSettings theirs) {
    if (ours.equals(theirs)) {
      return;
    }
    StringJoiner differences = new StringJoiner(", ");
    Map<String, String> other = theirs.describe();
    Map<String, String> all = new LinkedHashMap<>(ours.describe());
    other.keySet().forEach(name -> all.putIfAbsent(name, "false"));
    all.forEach(
        (name, value) -> {
          String theirValue = other.getOrDefault(name, "false");
          if (!value.equals(theirValue)) {
            differences.add(name + " is " + theirValue + ", expected " + value);
          }
        });
    throw new StateException(
        "HLA_STATE_SETTINGS", "cannot " + action + " of other settings: " + differences);
  }
}
