package io.hla.spark.report;

import io.hla.spark.page.Axis;
import io.hla.spark.page.Readable;
import io.hla.spark.page.Svg;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Norms of the outputs of each head at some positions of one sequence: whether they grow, fade or
 * settle along it.
 */
public final class OutputNorms {
  private static final int WIDTH = 860;
  private static final int HEIGHT = 300;
  private static final int LEFT = 84;
  private static final int RIGHT = 790;
  private static final int TOP = 16;
  private static final int BOTTOM = 256;
  private static final int MOST_HEADS = 16;

  private final String sequence;
  private final TreeMap<Long, double[]> norms = new TreeMap<>();

  /** {@code sequence} as people read it. */
  public OutputNorms(String sequence) {
    this.sequence = sequence;
  }

  /**
   * Takes the output of one token.
   *
   * @param output [H dv]
   */
  public void add(long position, double[] output, int heads) {
    double[] of = new double[heads];
    for (int head = 0; head < heads; head++) {
      int size = output.length / heads;
      of[head] =
          Math.sqrt(Arrays.stream(output, head * size, (head + 1) * size).map(x -> x * x).sum());
    }
    norms.put(position, of);
  }

  public boolean isEmpty() {
    return norms.isEmpty();
  }

  /** The picture, with a line a head, and what it shows. */
  String html() {
    double least = finite().filter(norm -> norm > 0).min().orElse(1);
    double most = Math.max(finite().max().orElse(1), least);
    int heads = Math.min(MOST_HEADS, norms.firstEntry().getValue().length);
    Svg svg = new Svg("norms", WIDTH, HEIGHT, "Norms of the outputs of each head against position");
    Axis x =
        Axis.linear(
            "position",
            norms.firstKey(),
            norms.lastKey(),
            LEFT + 10,
            RIGHT,
            1,
            p -> Readable.count(Math.round(p)));
    Axis y = vertical(least, most);
    x.drawBelow(svg, TOP, BOTTOM);
    y.drawLeft(svg, LEFT, RIGHT);
    for (int head = 0; head < heads; head++) {
      draw(svg, x, y, head, least);
    }
    return String.format(
        Locale.ROOT,
        "<p>%s, %d positions%s.</p><div class=\"wide\">%s</div>",
        Readable.escape(sequence),
        norms.size(),
        heads < norms.firstEntry().getValue().length ? ", the first " + heads + " heads" : "",
        svg.end());
  }

  private java.util.stream.DoubleStream finite() {
    return norms.values().stream().flatMapToDouble(Arrays::stream).filter(Double::isFinite);
  }

  private static Axis vertical(double least, double most) {
    double from = Math.pow(10, Math.floor(Math.log10(least)));
    double to = Math.max(from * 10, Math.pow(10, Math.ceil(Math.log10(most))));
    return Axis.logarithmic("norm", from, to, BOTTOM, TOP, Readable::error);
  }

  private void draw(Svg svg, Axis x, Axis y, int head, double least) {
    Double lastX = null;
    double lastY = 0;
    for (Map.Entry<Long, double[]> point : norms.entrySet()) {
      double norm = point.getValue()[head];
      if (!Double.isFinite(norm)) {
        lastX = null;
        continue;
      }
      double atX = x.at(point.getKey());
      double atY = y.at(Math.max(norm, least));
      if (lastX != null) {
        svg.line(lastX, lastY, atX, atY, "series");
      }
      svg.mark(Svg.Mark.DOT, atX, atY, "dot");
      lastX = atX;
      lastY = atY;
    }
  }
}
