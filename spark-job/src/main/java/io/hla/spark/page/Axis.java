package io.hla.spark.page;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;

/**
 * Where values stand along one side of a chart.
 *
 * @param title what is measured, with its unit
 * @param from the value at {@code start}
 * @param to the value at {@code end}
 * @param start place of the lowest value
 * @param end place of the highest value
 * @param isLogarithmic whether equal steps are equal factors
 * @param ticks values that are marked
 * @param label a value as people read it
 */
public record Axis(
    String title,
    double from,
    double to,
    double start,
    double end,
    boolean isLogarithmic,
    List<Double> ticks,
    DoubleFunction<String> label) {

  /** Marks some five round values from {@code from} to {@code to}. */
  public static Axis linear(
      String title,
      double from,
      double to,
      double start,
      double end,
      double smallestStep,
      DoubleFunction<String> label) {
    double span = Math.max(to - from, smallestStep);
    double step = Math.max(smallestStep, roundStep(span / 5));
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(from / step); i * step <= from + span; i++) {
      ticks.add(i * step);
    }
    return new Axis(title, from, from + span, start, end, false, ticks, label);
  }

  /** Marks 1, 2 and 5 of every power of ten, or the powers alone where these are many. */
  public static Axis logarithmic(
      String title,
      double from,
      double to,
      double start,
      double end,
      DoubleFunction<String> label) {
    int[] steps = to / from > 100 ? new int[] {1} : new int[] {1, 2, 5};
    List<Double> ticks = new ArrayList<>();
    for (double power = Math.pow(10, Math.floor(Math.log10(from))); power <= to; power *= 10) {
      for (int step : steps) {
        if (step * power >= from && step * power <= to) {
          ticks.add(step * power);
        }
      }
    }
    return new Axis(title, from, to, start, end, true, ticks, label);
  }

  public double at(double value) {
    double part =
        isLogarithmic ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
    return start + part * (end - start);
  }

  /** The next of 1, 2, 5, 10, 20 and so on. */
  private static double roundStep(double step) {
    double power = Math.pow(10, Math.floor(Math.log10(step)));
    for (int factor : new int[] {1, 2, 5}) {
      if (step <= factor * power * 1.0001) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  /** Draws this axis below a chart that reaches up to {@code top}. */
  public void drawBelow(Svg svg, double top, double bottom) {
    for (double tick : ticks) {
      svg.line(at(tick), top, at(tick), bottom + 4, "grid");
      svg.text(at(tick), bottom + 18, Svg.Anchor.MIDDLE, label.apply(tick));
    }
    svg.line(start, bottom, end, bottom, "axis");
    svg.text((start + end) / 2, bottom + 38, Svg.Anchor.MIDDLE, title);
  }

  /** Draws this axis on the left of a chart that reaches to {@code right}. */
  public void drawLeft(Svg svg, double left, double right) {
    for (double tick : ticks) {
      svg.line(left - 4, at(tick), right, at(tick), "grid");
      svg.text(left - 8, at(tick) + 4, Svg.Anchor.END, label.apply(tick));
    }
    svg.line(left, start, left, end, "axis");
    svg.upright(14, (start + end) / 2, title);
  }
}
