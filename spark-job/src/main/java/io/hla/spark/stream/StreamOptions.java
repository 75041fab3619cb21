package io.hla.spark.stream;

import io.hla.spark.InputException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * How a stream deals with positions that come out of order. Immutable.
 *
 * @param late what becomes of positions that come late or again
 * @param holdBack the most rows of a sequence that wait for a position in front of them; 0: a
 *     position that is missing is an error
 * @param startAt the first position of sequences without a state; null for the smallest of the
 *     micro-batch in which they first appear
 */
public record StreamOptions(LatePositions late, int holdBack, Long startAt)
    implements Serializable {

  public StreamOptions {
    Objects.requireNonNull(late);
    if (holdBack < 0) {
      throw new InputException(
          "HLA_OPTION_VALUE", "hold_back is " + holdBack + ", expected at least 0 rows");
    }
  }

  /** Whatever is late, comes again or is missing ends the query. */
  public static StreamOptions defaults() {
    return new StreamOptions(LatePositions.FAIL, 0, null);
  }

  public StreamOptions late(LatePositions value) {
    return new StreamOptions(value, holdBack, startAt);
  }

  /**
   * The same by its name in lower case.
   *
   * @throws InputException HLA_OPTION_VALUE if it is none of fail, drop and error
   */
  public StreamOptions late(String name) {
    List<String> names =
        Arrays.stream(LatePositions.values())
            .map(value -> value.name().toLowerCase(Locale.ROOT))
            .toList();
    int at = names.indexOf(name.toLowerCase(Locale.ROOT));
    if (at < 0) {
      throw new InputException(
          "HLA_OPTION_VALUE",
          String.format(Locale.ROOT, "late is %s, expected %s", name, String.join(", ", names)));
    }
    return late(LatePositions.values()[at]);
  }

  public StreamOptions holdBack(int rows) {
    return new StreamOptions(late, rows, startAt);
  }

  public StreamOptions startAt(long position) {
    return new StreamOptions(late, holdBack, position);
  }

  /** Whether late rows go to the output, with a column that says why. */
  public boolean hasErrorColumn() {
    return late == LatePositions.ERROR;
  }
}
