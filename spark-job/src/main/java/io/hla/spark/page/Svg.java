package io.hla.spark.page;

import java.util.Locale;

/** A picture that is drawn element by element. Classes are those of the page's style. */
public final class Svg {
  /** Where a text stands, seen from its point. */
  public enum Anchor {
    START,
    MIDDLE,
    END
  }

  /** Marks that differ in shape, so that colour is not needed to tell them apart. */
  public enum Mark {
    DOT,
    CIRCLE,
    SQUARE,
    TRIANGLE,
    DIAMOND,
    CROSS
  }

  private static final double RADIUS = 4.5;

  private final StringBuilder text = new StringBuilder();

  /** {@code description} says what the picture shows to those who cannot see it. */
  public Svg(String id, int width, int height, String description) {
    add(
        "<svg id=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">",
        id, width, height, Readable.escape(description));
  }

  /** A mark by itself, for a legend. */
  public static String key(Mark mark, String style) {
    Svg svg = new Svg();
    svg.text.append("<svg class=\"key\" viewBox=\"0 0 14 14\" aria-hidden=\"true\">");
    return svg.mark(mark, 7, 7, style).end();
  }

  private Svg() {}

  public Svg line(double x1, double y1, double x2, double y2, String style) {
    return add(
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>",
        x1, y1, x2, y2, style);
  }

  public Svg rectangle(double x, double y, double width, double height, String style) {
    return add(
        "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>",
        x, y, width, height, style);
  }

  public Svg text(double x, double y, Anchor anchor, String label) {
    return add(
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>",
        x, y, anchor.name().toLowerCase(Locale.ROOT), Readable.escape(label));
  }

  /** Text that reads upwards, in the middle of its point. */
  public Svg upright(double x, double y, String label) {
    return add(
        "<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\">%s</text>",
        x, y, Readable.escape(label));
  }

  public Svg mark(Mark mark, double x, double y, String style) {
    double r = RADIUS;
    return switch (mark) {
      case DOT -> add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" class=\"%s\"/>", x, y, style);
      case CIRCLE ->
          add("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" class=\"%s\"/>", x, y, r, style);
      case SQUARE -> rectangle(x - r, y - r, 2 * r, 2 * r, style);
      case TRIANGLE ->
          path("M%.1f %.1fL%.1f %.1fL%.1f %.1fZ", style, x, y - r, x + r, y + r, x - r, y + r);
      case DIAMOND ->
          path(
              "M%.1f %.1fL%.1f %.1fL%.1f %.1fL%.1f %.1fZ",
              style, x, y - r - 1, x + r + 1, y, x, y + r + 1, x - r - 1, y);
      case CROSS ->
          path(
              "M%.1f %.1fL%.1f %.1fM%.1f %.1fL%.1f %.1f",
              style, x - r, y - r, x + r, y + r, x - r, y + r, x + r, y - r);
    };
  }

  private Svg path(String form, String style, Object... numbers) {
    String drawn = String.format(Locale.ROOT, form, numbers);
    return add("<path d=\"%s\" class=\"%s\"/>", drawn, style);
  }

  private Svg add(String form, Object... values) {
    text.append(String.format(Locale.ROOT, form, values));
    return this;
  }

  /** The whole picture. */
  public String end() {
    return text + "</svg>\n";
  }
}
