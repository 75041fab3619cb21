package io.hla.spark.validate.page;

import io.hla.spark.page.Readable;
import io.hla.spark.page.Svg;
import io.hla.spark.scan.TreeShape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * The prefix tree of one sequence: a row of nodes for each level, runs lowest. Of many runs some of
 * the first two groups and of the last one are drawn, with all nodes above them, and the number of
 * those left out between them.
 */
final class TreePicture {
  private static final int WIDTH = 860;
  private static final int LEFT = 200;
  private static final int RIGHT = 850;
  private static final int ROW = 54;
  private static final int TOP = 24;
  private static final int GAP = 100;
  private static final int MOST_DRAWN = 40;
  private static final double WIDEST_SLOT = 24;

  private final List<Integer> counts;
  private final int fanIn;
  private final Svg svg;
  private final List<Map<Integer, Double>> places = new ArrayList<>();

  private TreePicture(int runs, int fanIn) {
    this.fanIn = fanIn;
    counts = TreeShape.of(runs, fanIn).nodes();
    svg =
        new Svg(
            "tree",
            WIDTH,
            TOP + ROW * counts.size() + 46,
            String.format(
                Locale.ROOT,
                "Tree over %d runs with fan-in %d in %d levels",
                runs,
                fanIn,
                counts.size()));
  }

  /** {@code runs} is at least 1. */
  static String of(int runs, int fanIn) {
    TreePicture picture = new TreePicture(runs, fanIn);
    picture.place(picture.drawn());
    return picture.draw();
  }

  /** The runs that are drawn. */
  private TreeSet<Integer> drawn() {
    int runs = counts.get(0);
    if (runs <= MOST_DRAWN) {
      return new TreeSet<>(IntStream.range(0, runs).boxed().toList());
    }
    int lastGroup = (runs - 1) / fanIn * fanIn;
    return new TreeSet<>(
        List.of(
            0,
            1,
            Math.min(2, fanIn - 1),
            fanIn - 1,
            Math.min(fanIn, runs - 1),
            Math.min(2 * fanIn, runs) - 1,
            lastGroup,
            runs - 1));
  }

  private void place(TreeSet<Integer> runs) {
    double slot = Math.min(WIDEST_SLOT, (double) (RIGHT - LEFT) / runs.size());
    Map<Integer, Double> row = new HashMap<>();
    double x = LEFT + slot / 2;
    int before = -1;
    for (int run : runs) {
      x += run > before + 1 ? GAP : 0;
      row.put(run, x);
      x += slot;
      before = run;
    }
    places.add(row);
    for (int level = 1; level < counts.size(); level++) {
      row = parents(row);
      places.add(row);
    }
  }

  /** Each parent stands above the middle of its children. */
  private Map<Integer, Double> parents(Map<Integer, Double> children) {
    Map<Integer, Double> least = new HashMap<>();
    Map<Integer, Double> most = new HashMap<>();
    children.forEach(
        (node, x) -> {
          least.merge(node / fanIn, x, Math::min);
          most.merge(node / fanIn, x, Math::max);
        });
    least.replaceAll((node, x) -> (x + most.get(node)) / 2);
    return least;
  }

  private String draw() {
    int top = counts.size() - 1;
    double first = TOP;
    double middle = places.get(top).values().stream().mapToDouble(x -> x).average().orElse(LEFT);
    for (int level = 0; level <= top; level++) {
      Map<Integer, Double> above = level < top ? places.get(level + 1) : null;
      drawEdges(level, above, middle);
    }
    for (int level = 0; level <= top; level++) {
      drawLevel(level);
    }
    svg.mark(Svg.Mark.DIAMOND, middle, first, "full");
    svg.text(8, first + 4, Svg.Anchor.START, "first state");
    return svg.end();
  }

  private void drawEdges(int level, Map<Integer, Double> above, double first) {
    double y = y(level);
    int before = -1;
    for (int node : new TreeSet<>(places.get(level).keySet())) {
      double x = places.get(level).get(node);
      double parent = above == null ? first : above.get(node / fanIn);
      svg.line(parent, y - ROW, x, y, "edge");
      boolean sameParent = before >= 0 && (above == null || before / fanIn == node / fanIn);
      if (node > before + 1 && sameParent) {
        svg.line(parent, y - ROW, middle(level, before, node), y - 10, "elided");
      }
      before = node;
    }
  }

  private void drawLevel(int level) {
    double y = y(level);
    double size = level == 0 && places.get(0).size() > 30 ? 11 : 14;
    int before = -1;
    for (int node : new TreeSet<>(places.get(level).keySet())) {
      double x = places.get(level).get(node);
      svg.rectangle(x - size / 2, y - size / 2, size, size, level == 0 ? "run" : "group");
      if (node > before + 1) {
        svg.text(
            middle(level, before, node),
            y + 4,
            Svg.Anchor.MIDDLE,
            "\u2026 " + Readable.count(node - before - 1) + " \u2026");
      }
      before = node;
    }
    int count = counts.get(level);
    if (level == 0) {
      svg.text(8, y + 4, Svg.Anchor.START, Readable.count(count) + (count == 1 ? " run" : " runs"));
      svg.text(LEFT, y + 28, Svg.Anchor.START, "run 1");
      if (count > 4) {
        double last = places.get(0).get(count - 1) + size / 2;
        svg.text(last, y + 28, Svg.Anchor.END, "run " + Readable.count(count));
      }
    } else {
      svg.text(8, y + 4, Svg.Anchor.START, Readable.count(count) + " groups of up to " + fanIn);
    }
  }

  private double middle(int level, int before, int node) {
    return (places.get(level).get(before) + places.get(level).get(node)) / 2;
  }

  private double y(int level) {
    return TOP + ROW * (counts.size() - level);
  }
}
