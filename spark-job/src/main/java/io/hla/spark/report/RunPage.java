package io.hla.spark.report;

import io.hla.spark.Figure;
import io.hla.spark.PhaseFigures;
import io.hla.spark.page.HtmlPage;
import io.hla.spark.page.PhaseBars;
import io.hla.spark.page.Readable;
import io.hla.spark.report.RunReport.Status;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A report as one self-contained HTML page: no script, no other file. */
public final class RunPage {
  private final RunReport report;
  private final OutputNorms norms;

  /** {@code norms} of the outputs, or null where there are none. */
  public RunPage(RunReport report, OutputNorms norms) {
    this.report = report;
    this.norms = norms;
  }

  /** The page. */
  public String html() {
    Map<String, Object> job = job();
    StringBuilder body = new StringBuilder();
    body.append("<h1>hla ").append(Readable.escape(job.get("command") + "")).append("</h1>\n");
    body.append(verdict());
    if (!report.warnings().isEmpty()) {
      section(body, "Warnings", list(report.warnings()));
    }
    if (!report.phases().isEmpty()) {
      section(body, "Time of each phase", wide(PhaseBars.of(report.phaseSeconds())) + phases());
    }
    if (norms != null) {
      section(body, "Norms of outputs along the sequence", norms.html());
    }
    section(
        body,
        "Input, plan and output",
        HtmlPage.pairs(report.inWords(EnumSet.noneOf(Figure.class))));
    section(body, "What was computed", HtmlPage.pairs(texts(report.settings())));
    section(body, "The job", HtmlPage.pairs(texts(job)));
    return HtmlPage.of(
        "run", "HLA " + job.get("command") + ": " + report.status().text(), body.toString());
  }

  @SuppressWarnings("unchecked")
  private Map<String, Object> job() {
    return (Map<String, Object>) report.toMap().get("job");
  }

  private String verdict() {
    boolean well = report.status() == Status.DONE || report.status() == Status.SKIPPED;
    String words =
        switch (report.status()) {
          case RUNNING -> "It is running, or was killed.";
          case DONE -> "\u2714 Done.";
          case SKIPPED -> "\u2714 Nothing to do: the outputs were there.";
          case REFUSED -> "\u2718 Refused: nothing was written.";
          case FAILED -> "\u2718 It failed.";
        };
    String summary =
        report.error() != null
            ? String.format(
                Locale.ROOT,
                "[%s] %s",
                report.error().get("condition"),
                report.error().get("message"))
            : new RunSummary(report)
                .lines().entrySet().stream()
                    .filter(line -> List.of("tokens", "total").contains(line.getKey()))
                    .map(Map.Entry::getValue)
                    .collect(Collectors.joining("; "));
    return String.format(
        Locale.ROOT,
        "<p class=\"verdict %s\" id=\"verdict\">%s</p><p id=\"summary\">%s</p>%n",
        well ? "holds" : "fails",
        words,
        Readable.escape(summary));
  }

  /** How the tasks of each phase shared the work: the longest by the one in the middle is skew. */
  private String phases() {
    return report.phases().stream()
        .filter(phase -> phase.tasks() + phase.failedTasks() > 0)
        .map(this::row)
        .collect(
            Collectors.joining(
                "",
                "<div class=\"wide\"><table class=\"numbers\" id=\"tasks\"><tr><th>phase</th>"
                    + "<th>tasks</th><th>failed</th><th>of all tasks</th><th>middle</th>"
                    + "<th>longest</th><th>tokens/s</th><th>read</th><th>shuffled</th>"
                    + "<th>written</th></tr>",
                "</table></div>"));
  }

  private String row(PhaseFigures phase) {
    boolean overTokens = List.of("sort", "summarize", "attend").contains(phase.name());
    return HtmlPage.row(
        Readable.escape(phase.name()) + "<br><small>" + Readable.escape(phase.doing()) + "</small>",
        Readable.count(phase.tasks()),
        Readable.count(phase.failedTasks()),
        Readable.seconds(phase.taskSeconds()),
        Readable.seconds(phase.medianTaskSeconds()),
        Readable.seconds(phase.longestTaskSeconds()),
        overTokens
            ? Readable.count(Math.round(report.number(Figure.TOKENS) / phase.seconds()))
            : "",
        Readable.bytes(phase.bytesRead()),
        Readable.bytes(phase.bytesShuffled()),
        Readable.bytes(phase.bytesWritten()));
  }

  private static void section(StringBuilder body, String title, String content) {
    body.append(String.format(Locale.ROOT, "<section><h2>%s</h2>%s</section>%n", title, content));
  }

  private static String wide(String content) {
    return "<div class=\"wide\">" + content + "</div>";
  }

  private static String list(List<String> items) {
    return items.stream()
        .map(item -> "<li>" + Readable.escape(item) + "</li>")
        .collect(Collectors.joining("\n", "<ul>", "</ul>"));
  }

  private static Map<String, String> texts(Map<String, Object> values) {
    Map<String, String> texts = new LinkedHashMap<>();
    values.forEach((name, value) -> texts.put(name, Readable.value(name, value)));
    return texts;
  }
}
