package io.hla.spark.validate.page;

import java.util.Map;
import java.util.stream.DoubleStream;

/** Error against position, with the limit. */
final class ErrorChart {
  private static final int WIDTH = 860;
  private static final int HEIGHT = 320;
  private static final int LEFT = 84;
  private static final int RIGHT = 790;
  private static final int TOP = 16;
  private static final int BOTTOM = 276;
  private static final int ZERO = 264;
  private static final int LOWEST = -18;

  private ErrorChart() {}

  static String of(Map<Long, Double> errorAtPosition, double limit) {
    long first = errorAtPosition.keySet().stream().mapToLong(p -> p).min().orElse(0);
    long last = errorAtPosition.keySet().stream().mapToLong(p -> p).max().orElse(0);
    Svg svg =
        new Svg(
            "errors",
            WIDTH,
            HEIGHT,
            String.format(
                "Relative error of %d outputs at positions %d to %d; the limit is %s",
                errorAtPosition.size(), first, last, Readable.error(limit)));
    Axis x =
        Axis.linear(
            "position in the sequence",
            first,
            last,
            LEFT + 10,
            RIGHT,
            1,
            p -> Readable.count(Math.round(p)));
    Axis y =
        new Axis(
            "relative error",
            Math.pow(10, LOWEST),
            1,
            ZERO - 24,
            TOP,
            true,
            DoubleStream.iterate(LOWEST, e -> e <= 0, e -> e + 3)
                .map(e -> Math.pow(10, e))
                .boxed()
                .toList(),
            e -> e == 1 ? "1" : String.format("1e%.0f", Math.log10(e)));
    x.drawBelow(svg, TOP, BOTTOM);
    y.drawLeft(svg, LEFT, RIGHT);
    svg.line(LEFT, BOTTOM, LEFT, TOP, "axis").line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis");
    svg.line(LEFT - 4, ZERO, RIGHT, ZERO, "grid");
    svg.text(LEFT - 8, ZERO + 4, Svg.Anchor.END, "no error");
    svg.line(LEFT, y.at(limit), RIGHT, y.at(limit), "limit");
    svg.text(RIGHT + 6, y.at(limit) + 4, Svg.Anchor.START, "limit");
    errorAtPosition.forEach((position, error) -> point(svg, x.at(position), y, error, limit));
    return svg.end();
  }

  // What is not a number stands at the top.
  private static void point(Svg svg, double x, Axis y, double error, double limit) {
    double place = error == 0 ? ZERO : y.at(error < 1 ? Math.max(error, y.from()) : 1);
    svg.mark(
        error <= limit ? Svg.Mark.DOT : Svg.Mark.CROSS, x, place, error <= limit ? "dot" : "wrong");
  }
}
