package io.hla.spark.validate.page;

import io.hla.spark.page.Axis;
import io.hla.spark.page.Readable;
import io.hla.spark.page.Svg;
import io.hla.spark.validate.Way;
import io.hla.spark.validate.Way.Kind;
import java.util.Comparator;
import java.util.List;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** Time, and bytes that the scan moves, against the number of runs. */
final class CostCharts {
  private static final int WIDTH = 430;
  private static final int HEIGHT = 300;
  private static final int LEFT = 86;
  private static final int RIGHT = 408;
  private static final int TOP = 14;
  private static final int BOTTOM = 250;

  private CostCharts() {}

  static String of(List<Way> ways) {
    return "<div class=\"pair\">"
        + chart(
            "seconds", "Seconds of a job", ways, Way::seconds, "time of the job", Readable::seconds)
        + chart(
            "bytes",
            "Bytes that the scan moves",
            ways,
            Way::bytesMoved,
            "summaries and states moved",
            Readable::bytes)
        + "</div>"
        + legend(ways);
  }

  private static String chart(
      String id,
      String description,
      List<Way> ways,
      ToDoubleFunction<Way> value,
      String title,
      DoubleFunction<String> label) {
    Svg svg = new Svg(id, WIDTH, HEIGHT, description + " against its number of runs");
    double fewest = ways.stream().mapToLong(Way::runs).min().orElse(1);
    double most = Math.max(4 * fewest, ways.stream().mapToLong(Way::runs).max().orElse(1));
    double highest = ways.stream().mapToDouble(value).max().orElse(1);
    Axis x =
        Axis.logarithmic(
            "runs (logarithmic)",
            fewest / 1.3,
            most * 1.3,
            LEFT,
            RIGHT,
            runs -> Readable.count(Math.round(runs)));
    Axis y = Axis.linear(title, 0, Math.max(highest * 1.05, 1e-3), BOTTOM, TOP, 1e-9, label);
    x.drawBelow(svg, TOP, BOTTOM);
    y.drawLeft(svg, LEFT, RIGHT);
    List<Way> stored =
        ways.stream()
            .filter(way -> way.kind() == Kind.STORED || way.kind() == Kind.CUT)
            .sorted(Comparator.comparingLong(Way::runs))
            .toList();
    for (int i = 1; i < stored.size(); i++) {
      Way before = stored.get(i - 1);
      Way way = stored.get(i);
      svg.line(
          x.at(before.runs()),
          y.at(value.applyAsDouble(before)),
          x.at(way.runs()),
          y.at(value.applyAsDouble(way)),
          "series");
    }
    for (Way way : ways) {
      svg.mark(
          mark(way.kind()), x.at(way.runs()), y.at(value.applyAsDouble(way)), style(way.kind()));
    }
    return svg.end();
  }

  private static String legend(List<Way> ways) {
    return ways.stream()
        .map(Way::kind)
        .distinct()
        .map(
            kind ->
                "<li>"
                    + Svg.key(mark(kind), style(kind)).strip()
                    + " "
                    + Readable.escape(kind.text())
                    + "</li>")
        .collect(Collectors.joining("", "<ul class=\"legend\">", "</ul>"));
  }

  private static Svg.Mark mark(Kind kind) {
    return switch (kind) {
      case STORED, CUT -> Svg.Mark.CIRCLE;
      case FAN_IN -> Svg.Mark.CROSS;
      case COALESCED -> Svg.Mark.TRIANGLE;
      case SORTED -> Svg.Mark.SQUARE;
      case DRIVER, EXECUTORS -> Svg.Mark.DIAMOND;
    };
  }

  private static String style(Kind kind) {
    return kind == Kind.STORED || kind == Kind.DRIVER ? "full" : "mark";
  }
}
