package io.hla.spark.validate.page;

import io.hla.spark.page.Axis;
import io.hla.spark.page.Readable;
import io.hla.spark.page.Svg;
import java.util.Locale;
import java.util.Map;
import java.util.stream.DoubleStream;

/** The share of what rounding allows that outputs are off by, against position. */
final class ErrorChart {
  private static final int WIDTH = 860;
  private static final int HEIGHT = 320;
  private static final int LEFT = 84;
  private static final int RIGHT = 790;
  private static final int TOP = 16;
  private static final int BOTTOM = 276;
  private static final int ZERO = 264;
  private static final int LOWEST = -9;
  private static final int HIGHEST = 3;
  private static final double LIMIT = 1;

  private ErrorChart() {}

  static String of(Map<Long, Double> errorAtPosition) {
    long first = errorAtPosition.keySet().stream().mapToLong(p -> p).min().orElse(0);
    long last = errorAtPosition.keySet().stream().mapToLong(p -> p).max().orElse(0);
    Svg svg =
        new Svg(
            "errors",
            WIDTH,
            HEIGHT,
            String.format(
                Locale.ROOT,
                "Errors of %d outputs at positions %d to %d, as shares of what rounding allows",
                errorAtPosition.size(),
                first,
                last));
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
            "share of what rounding allows",
            Math.pow(10, LOWEST),
            Math.pow(10, HIGHEST),
            ZERO - 24,
            TOP,
            true,
            DoubleStream.iterate(LOWEST, e -> e <= HIGHEST, e -> e + 3)
                .map(e -> Math.pow(10, e))
                .boxed()
                .toList(),
            e -> e == 1 ? "1" : String.format(Locale.ROOT, "1e%.0f", Math.log10(e)));
    x.drawBelow(svg, TOP, BOTTOM);
    y.drawLeft(svg, LEFT, RIGHT);
    svg.line(LEFT, BOTTOM, LEFT, TOP, "axis").line(LEFT, BOTTOM, RIGHT, BOTTOM, "axis");
    svg.line(LEFT - 4, ZERO, RIGHT, ZERO, "grid");
    svg.text(LEFT - 8, ZERO + 4, Svg.Anchor.END, "no error");
    svg.line(LEFT, y.at(LIMIT), RIGHT, y.at(LIMIT), "limit");
    svg.text(RIGHT + 6, y.at(LIMIT) + 4, Svg.Anchor.START, "limit");
    errorAtPosition.forEach((position, error) -> point(svg, x.at(position), y, error));
    return svg.end();
  }

  // What is not a number stands at the top.
  private static void point(Svg svg, double x, Axis y, double error) {
    double most = Math.pow(10, HIGHEST);
    double place = error == 0 ? ZERO : y.at(error < most ? Math.max(error, y.from()) : most);
    boolean right = error <= LIMIT;
    svg.mark(right ? Svg.Mark.DOT : Svg.Mark.CROSS, x, place, right ? "dot" : "wrong");
  }
}
