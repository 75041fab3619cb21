package io.hla.spark.table;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.kernels.Element;
import io.hla.kernels.TokenRows;
import io.hla.kernels.TokenRows.Part;
import io.hla.spark.InputException;
import java.util.Locale;
import java.util.function.IntFunction;
import org.apache.spark.sql.types.DataType;

/** Says where sums of finite tokens passed the largest number of the arithmetic. */
public final class Overflow {
  private Overflow() {}

  /**
   * Refuses a state that holds a number that is not finite.
   *
   * @param type of the sequence column, or null
   * @param position of the token behind it
   * @return the state
   * @throws InputException HLA_OVERFLOW
   */
  public static State checked(State state, SequenceKey sequence, DataType type, long position) {
    if (!state.isFinite()) {
      throw new InputException(
          "HLA_OVERFLOW",
          String.format(
              Locale.ROOT,
              "the state in front of position %d of %s holds numbers that are not finite, %s",
              position,
              sequence.text(type),
              expected(state.settings())));
    }
    return state;
  }

  /**
   * Refuses the summary of a run that holds a number that is not finite.
   *
   * @param type of the sequence column, or null
   * @param start position of the first token of the run
   * @param end position behind the last one
   * @return the summary
   * @throws InputException HLA_OVERFLOW
   */
  public static Summary checked(
      Summary summary, SequenceKey sequence, DataType type, long start, long end) {
    if (!summary.isFinite()) {
      throw new InputException(
          "HLA_OVERFLOW",
          String.format(
              Locale.ROOT,
              "the summary of positions %d to %d of %s holds numbers that are not finite, %s",
              start,
              end - 1,
              sequence.text(type),
              expected(summary.settings())));
    }
    return summary;
  }

  /**
   * What to say of the first output that is not finite. All outputs of a head are so where its
   * denominator is 0, which is no overflow.
   *
   * @param behind the state behind the tokens
   * @param place of a token
   */
  static InputException ofOutput(
      TokenRows rows, TokenRow layout, int tokens, State behind, IntFunction<String> place) {
    AttentionSettings settings = behind.settings();
    int width = rows.width(Part.OUTPUT);
    int at = 0;
    while (at < tokens * width - 1 && Double.isFinite(rows.get(Part.OUTPUT, at))) {
      at++;
    }
    String found =
        String.format(
            Locale.ROOT,
            "o[%d] is %s at %s",
            at % width,
            rows.get(Part.OUTPUT, at),
            place.apply(at / width));
    if (settings.normalize() && behind.isFinite() && !isFiniteAny(rows, at, settings)) {
      return new InputException(
          "HLA_DENOMINATOR",
          String.format(
              Locale.ROOT,
              "%s: the denominator of head %d is 0 or not finite, expected another number"
                  + " (epsilon is %s)",
              found,
              at % width / settings.valueDim(),
              settings.epsilon()));
    }
    boolean roundedTooFar =
        settings.precision().isDouble() && layout.output() == Element.FLOAT && behind.isFinite();
    return new InputException(
        "HLA_OVERFLOW",
        found
            + ", "
            + (roundedTooFar
                ? "expected a finite float (output type double holds larger numbers)"
                : expected(settings)));
  }

  /** Whether another output of the same head is finite. */
  private static boolean isFiniteAny(TokenRows rows, int at, AttentionSettings settings) {
    int first = at - at % settings.valueDim();
    boolean any = false;
    for (int i = first; i < first + settings.valueDim(); i++) {
      any |= Double.isFinite(rows.get(Part.OUTPUT, i));
    }
    return any;
  }

  private static String expected(AttentionSettings settings) {
    return String.format(
        Locale.ROOT,
        "expected sums within the range of precision %s%s",
        settings.precision().text(),
        settings.precision().isDouble() ? "" : " (float64 has a larger one)");
  }
}
