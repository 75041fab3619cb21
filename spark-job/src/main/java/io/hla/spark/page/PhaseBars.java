package io.hla.spark.page;

import java.util.Map;

/** The time of each phase as a bar. */
public final class PhaseBars {
  private static final int WIDTH = 860;
  private static final int ROW = 24;
  private static final int LEFT = 110;
  private static final int LONGEST = 640;

  private PhaseBars() {}

  /** One bar for each name, in order; a name is a phase, a number its seconds. */
  public static String of(Map<String, Double> seconds) {
    double most = seconds.values().stream().mapToDouble(t -> t).max().orElse(1);
    Svg svg = new Svg("phases", WIDTH, ROW * seconds.size() + 8, "Time of each phase");
    int row = 0;
    for (Map.Entry<String, Double> phase : seconds.entrySet()) {
      double base = ROW * row++ + 18;
      double length = Math.max(1, phase.getValue() / most * LONGEST);
      svg.text(LEFT - 8, base, Svg.Anchor.END, phase.getKey());
      svg.rectangle(LEFT, base - 12, length, 15, "bar");
      svg.text(LEFT + length + 6, base, Svg.Anchor.START, Readable.seconds(phase.getValue()));
    }
    return svg.end();
  }
}
