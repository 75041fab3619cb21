package io.hla.spark.sql;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.spark.InputException;
import io.hla.spark.Version;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.util.ArrayBasedMapData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.unsafe.types.UTF8String;

/** What the functions of states compute, on the values that Spark has inside its rows. */
public final class StateValues {
  private StateValues() {}

  /**
   * The bytes of a state or summary as a row of {@link StateFunctions#INFO}.
   *
   * @throws InputException HLA_STATE_DAMAGED or HLA_STATE_VERSION
   */
  public static InternalRow info(byte[] bytes) {
    return InputException.named(
        () -> {
          if (Summary.isSummary(bytes)) {
            Summary summary = Summary.fromBytes(bytes);
            return info(
                "summary", summary.tokens(), summary.settings(), summary.matrices(), bytes.length);
          }
          State.Description state = State.describe(bytes);
          return info("state", state.tokens(), state.settings(), state.matrices(), bytes.length);
        });
  }

  private static InternalRow info(
      String kind, long tokens, AttentionSettings settings, List<String> matrices, long bytes) {
    Map<String, String> described = settings.describe();
    return new GenericInternalRow(
        new Object[] {
          UTF8String.fromString(kind),
          tokens,
          new ArrayBasedMapData(
              strings(List.copyOf(described.keySet())), strings(List.copyOf(described.values()))),
          strings(matrices),
          bytes
        });
  }

  private static ArrayData strings(List<String> texts) {
    return new GenericArrayData(texts.stream().map(UTF8String::fromString).toArray());
  }

  private record Segment(long start, long next, byte[] summary) {}

  /**
   * The summary of neighbouring segments of one sequence. Segments are sorted by their starts, and
   * pairs of neighbours combined until one is left.
   *
   * @param segments rows of {@link StateFunctions#SEGMENT}
   * @return null for no segment
   * @throws InputException HLA_STATE_SEGMENTS if they leave positions out, overlap, or do not have
   *     as many tokens as they say; HLA_STATE_DAMAGED, HLA_STATE_SETTINGS and others of their bytes
   */
  public static byte[] merge(ArrayData segments) {
    List<Segment> sorted = new ArrayList<>();
    for (int i = 0; i < segments.numElements(); i++) {
      InternalRow row = segments.isNullAt(i) ? null : segments.getStruct(i, 3);
      if (row == null || row.isNullAt(0) || row.isNullAt(1) || row.isNullAt(2)) {
        throw refused("segment %d is null or has a null field", i);
      }
      sorted.add(new Segment(row.getLong(0), row.getLong(1), row.getBinary(2)));
    }
    sorted.sort(Comparator.comparingLong(Segment::start).thenComparingLong(Segment::next));
    for (int i = 1; i < sorted.size(); i++) {
      if (sorted.get(i).start() != sorted.get(i - 1).next()) {
        throw refused(
            "a segment ends in front of position %d and the next one starts at %d, expected %d",
            sorted.get(i - 1).next(), sorted.get(i).start(), sorted.get(i - 1).next());
      }
    }
    return sorted.isEmpty() ? null : InputException.named(() -> merge(summaries(sorted)).toBytes());
  }

  private static List<Summary> summaries(List<Segment> segments) {
    List<Summary> summaries = new ArrayList<>();
    for (Segment segment : segments) {
      Summary summary = Summary.fromBytes(segment.summary());
      if (summary.tokens() != segment.next() - segment.start()) {
        throw refused(
            "the segment of positions %d to %d has the summary of %d tokens",
            segment.start(), segment.next() - 1, summary.tokens());
      }
      summaries.add(summary);
    }
    return summaries;
  }

  private static Summary merge(List<Summary> level) {
    List<Summary> left = level;
    while (left.size() > 1) {
      List<Summary> above = new ArrayList<>();
      for (int i = 0; i + 1 < left.size(); i += 2) {
        above.add(left.get(i).combine(left.get(i + 1)));
      }
      if (left.size() % 2 == 1) {
        above.add(left.get(left.size() - 1));
      }
      left = above;
    }
    return left.get(0);
  }

  /**
   * The state behind a segment.
   *
   * @param state the state in front of it, or null where nothing stands in front
   * @param summary of the segment; null gives null
   * @throws InputException HLA_STATE_DAMAGED, HLA_STATE_VERSION or HLA_STATE_SETTINGS
   */
  public static byte[] advance(byte[] state, byte[] summary) {
    return summary == null
        ? null
        : InputException.named(
            () -> {
              Summary segment = Summary.fromBytes(summary);
              if (Summary.steps(segment.settings()) > 1) {
                throw new InputException(
                    "HLA_OPTION_NOT_APPLICABLE",
                    "a summary of "
                        + segment.settings().operator()
                        + " determines only a part of the state behind it");
              }
              State inFront =
                  state == null ? State.initial(segment.settings()) : State.fromBytes(state);
              return inFront.advance(segment).toBytes();
            });
  }

  /** The version of this library. */
  public static UTF8String version() {
    return UTF8String.fromString(Version.text());
  }

  private static InputException refused(String message, Object... values) {
    return new InputException("HLA_STATE_SEGMENTS", String.format(Locale.ROOT, message, values));
  }
}
