package io.hla.spark.validate;

import io.hla.kernels.AttentionSettings;
import io.hla.spark.report.Report;
import io.hla.spark.scan.TreeShape;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** The verdict as one self-contained HTML page: no script, no other file. */
public final class ValidationPage {
  private static final int WIDTH = 860;
  private static final int HEIGHT = 220;
  private static final int MARGIN = 48;
  private static final int LOWEST = -18;

  private final AttentionSettings settings;
  private final Validator.Verdict verdict;
  private final Map<String, Object> figures;

  public ValidationPage(AttentionSettings settings, Validator.Verdict verdict, Report report) {
    this.settings = settings;
    this.verdict = verdict;
    this.figures = report.toMap();
  }

  /** The page. */
  public String html() {
    boolean holds = verdict.holds();
    return """
        <!doctype html><html lang="en"><head><meta charset="utf-8"><title>HLA validation</title><style>
        body{font:15px/1.5 system-ui,sans-serif;max-width:900px;margin:2em auto;padding:0 1em;color:#222}
        h1{font-size:1.5em} h2{font-size:1.1em;margin-top:2em} table{border-collapse:collapse;width:100%%}
        td,th{text-align:left;padding:.25em .6em;border-bottom:1px solid #ddd;font-variant-numeric:tabular-nums}
        .verdict{padding:.8em 1em;border-radius:6px;color:#fff;font-weight:600;background:%s}
        .ok{color:#0a7d38} .bad{color:#c01818;font-weight:700} small{color:#666} svg{width:100%%;height:auto}
        </style></head><body><h1>Is the distributed scan the recurrence?</h1>
        <p class="verdict" id="verdict">%s</p><p>%s</p>
        <h2>Checks</h2><table id="checks"><tr><th>check</th><th>error</th><th>limit</th><th>verdict</th></tr>
        %s</table>
        <h2>Error against position</h2><p><small>Outputs of the job against the serial recurrence in double,
        relative, at sampled positions; the line is the limit.</small></p>%s
        <h2>Time of each phase</h2>%s
        <h2>The tree</h2>%s
        <h2>Run</h2><table>%s</table></body></html>
        """
        .formatted(
            holds ? "#0a7d38" : "#c01818",
            holds
                ? "It is, on this input: every check holds and every negative control was caught."
                : "It is NOT, on this input: see the failing checks.",
            escape(settings.describe().toString()),
            checks(),
            errors(),
            phases(),
            tree(),
            figures());
  }

  private String checks() {
    return verdict.checks().stream()
        .map(
            c ->
                String.format(
                    "<tr><td>%s<br><small>%s</small></td><td>%s</td><td>%s</td>"
                        + "<td class=\"%s\">%s</td></tr>",
                    escape(c.name()),
                    escape(c.detail()),
                    number(c.error()),
                    (c.isControl() && !Double.isNaN(c.limit()) ? "&gt; " : "") + number(c.limit()),
                    c.passed() ? "ok" : "bad",
                    c.passed() ? (c.isControl() ? "caught" : "holds") : "FAILS"))
        .collect(Collectors.joining("\n"));
  }

  private String errors() {
    double last =
        Math.max(1, verdict.errorAtPosition().keySet().stream().mapToLong(p -> p).max().orElse(1));
    StringBuilder svg = open(HEIGHT);
    double limit = verdict.tolerance();
    svg.append(line(MARGIN, y(limit), WIDTH, y(limit), "#c01818"));
    for (int exponent = LOWEST; exponent <= 0; exponent += 3) {
      double at = y(Math.pow(10, exponent));
      svg.append(text(4, at + 4, exponent == LOWEST ? "exact" : "1e" + exponent));
      svg.append(line(MARGIN, at, WIDTH, at, "#eee"));
    }
    verdict
        .errorAtPosition()
        .forEach(
            (position, error) ->
                svg.append(
                    String.format(
                        Locale.ROOT,
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.5\" fill=\"#2559a8\"/>",
                        MARGIN + position / last * (WIDTH - MARGIN - 6),
                        y(error))));
    svg.append(text(MARGIN, HEIGHT - 4, "position 0"));
    svg.append(text(WIDTH - 130, HEIGHT - 4, String.format("position %,d", (long) last)));
    return svg.append("</svg>").toString();
  }

  private static double y(double error) {
    double exponent = error > 0 ? Math.max(LOWEST, Math.min(0, Math.log10(error))) : LOWEST;
    return 10 + exponent / LOWEST * (HEIGHT - 40);
  }

  @SuppressWarnings("unchecked")
  private String phases() {
    Map<String, Double> phases = (Map<String, Double>) figures.get("phaseSeconds");
    double longest = phases.values().stream().mapToDouble(t -> t).max().orElse(1);
    StringBuilder svg = open(24 * phases.size() + 8);
    int row = 0;
    for (Map.Entry<String, Double> phase : phases.entrySet()) {
      double at = 24.0 * row++ + 16;
      svg.append(text(4, at, phase.getKey()));
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"110\" y=\"%.1f\" width=\"%.1f\" height=\"14\" fill=\"#2559a8\"/>",
              at - 11,
              Math.max(1, phase.getValue() / longest * (WIDTH - 220))));
      svg.append(
          text(
              116 + phase.getValue() / longest * (WIDTH - 220),
              at,
              String.format(Locale.ROOT, "%.2f s", phase.getValue())));
    }
    return svg.append("</svg>").toString();
  }

  private String tree() {
    int fanIn = ((Number) figures.getOrDefault("fanIn", 16)).intValue();
    int longest =
        verdict.runs().bySequence().values().stream()
            .mapToInt(java.util.List::size)
            .max()
            .orElse(1);
    StringBuilder levels = new StringBuilder();
    java.util.List<Integer> nodes = TreeShape.of(longest, fanIn).nodes();
    for (int level = 0; level < nodes.size(); level++) {
      levels.append(
          String.format(
              Locale.ROOT,
              "<tr><td>level %d</td><td>%,d %s</td></tr>",
              level,
              nodes.get(level),
              level == 0 ? "runs of the longest sequence" : "groups of up to " + fanIn));
    }
    return "<table>" + levels + "</table>";
  }

  private String figures() {
    return figures.entrySet().stream()
        .filter(e -> !e.getKey().equals("phaseSeconds") && !e.getKey().equals("checks"))
        .map(
            e ->
                "<tr><td>"
                    + escape(e.getKey())
                    + "</td><td>"
                    + escape(String.valueOf(e.getValue()))
                    + "</td></tr>")
        .collect(Collectors.joining("\n"));
  }

  private static StringBuilder open(int height) {
    return new StringBuilder(
        String.format("<svg viewBox=\"0 0 %d %d\" font-size=\"11\">", WIDTH, height));
  }

  private static String line(double x1, double y1, double x2, double y2, String color) {
    return String.format(
        Locale.ROOT,
        "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>",
        x1,
        y1,
        x2,
        y2,
        color);
  }

  private static String text(double x, double y, String text) {
    return String.format(
        Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" fill=\"#444\">%s</text>", x, y, escape(text));
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "-" : value == 0 ? "0" : String.format(Locale.ROOT, "%.1e", value);
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
