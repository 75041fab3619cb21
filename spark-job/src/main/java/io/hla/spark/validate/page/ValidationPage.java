package io.hla.spark.validate.page;

import io.hla.spark.Figure;
import io.hla.spark.page.HtmlPage;
import io.hla.spark.page.PhaseBars;
import io.hla.spark.page.Readable;
import io.hla.spark.report.RunReport;
import io.hla.spark.scan.TreeShape;
import io.hla.spark.validate.Check;
import io.hla.spark.validate.Validator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The verdict as one self-contained HTML page: no script, no other file. */
public final class ValidationPage {
  private static final Set<Figure> SHOWN_ELSEWHERE = Set.of(Figure.CHECKS, Figure.VERDICT);

  private final Validator.Verdict verdict;
  private final RunReport report;

  public ValidationPage(Validator.Verdict verdict, RunReport report) {
    this.verdict = verdict;
    this.report = report;
  }

  /** The page. */
  public String html() {
    String body =
        """
        <h1>Is the distributed scan the recurrence?</h1>
        %s
        <section><h2>Error against position</h2>
        <p>Outputs of the job against the serial recurrence in double at sampled positions, in shares
        of what rounding may do to each. Points below the dashed line are right.</p>
        <div class="wide">%s</div></section>
        <section><h2>Time and bytes against runs</h2>
        <p>The same tokens, run in other ways: all gave the same outputs, within the limit, unless a
        check below fails.</p>
        %s
        <div class="wide">%s</div></section>
        <section><h2>The tree</h2>
        <p>%s</p>
        <div class="wide">%s</div></section>
        <section><h2>Time of each phase</h2><div class="wide">%s</div></section>
        <section><h2>Checks</h2>%s</section>
        <section><h2>What was computed</h2>%s</section>
        <section><h2>The run</h2>%s</section>
        """
            .formatted(
                verdict(),
                ErrorChart.of(verdict.errorAtPosition()),
                CostCharts.of(verdict.ways()),
                ways(),
                Readable.escape(treeInWords()),
                TreePicture.of(longest(), verdict.fanIn()),
                PhaseBars.of(report.phaseSeconds()),
                checks(),
                HtmlPage.pairs(verdict.settings().describe()),
                HtmlPage.pairs(report.inWords(SHOWN_ELSEWHERE)));
    return HtmlPage.of(
        "validation", "HLA validation: " + (verdict.holds() ? "holds" : "does not hold"), body);
  }

  private String verdict() {
    List<Check> failing = verdict.checks().stream().filter(check -> !check.passed()).toList();
    long controls = verdict.checks().stream().filter(Check::isControl).count();
    long absent = verdict.checks().stream().filter(check -> !check.applies()).count();
    if (failing.isEmpty()) {
      return String.format(
          Locale.ROOT,
          """
          <p class="verdict holds" id="verdict">\u2714 It is, on this input.</p>
          <p id="summary">All %d checks hold, and all %d wrong things were caught. %s</p>
          """,
          verdict.checks().size() - controls - absent,
          controls,
          sizes());
    }
    return String.format(
        Locale.ROOT,
        """
        <p class="verdict fails" id="verdict">\u2718 It is NOT, on this input.</p>
        <p id="summary">%d of %d checks fail. %s</p><ul id="failing">%s</ul>
        """,
        failing.size(),
        verdict.checks().size(),
        sizes(),
        failing.stream()
            .map(
                check ->
                    String.format(
                        Locale.ROOT,
                        "<li>%s: %s, expected %s</li>",
                        Readable.escape(check.name()),
                        check.isControl() ? "not caught" : Readable.error(check.error()),
                        check.isControl()
                            ? "to be caught"
                            : "at most " + Readable.error(check.limit())))
            .collect(Collectors.joining("\n")));
  }

  private String sizes() {
    return String.format(
        Locale.ROOT,
        "%s, %s, %s.",
        counted(verdict.table().tokens(), "token"),
        counted(verdict.table().sequences(), "sequence"),
        counted(verdict.table().runs(), "run"));
  }

  private static String counted(long count, String what) {
    return Readable.count(count) + " " + what + (count == 1 ? "" : "s");
  }

  private String ways() {
    return verdict.ways().stream()
        .map(
            way ->
                HtmlPage.row(
                    Readable.escape(way.name()),
                    Readable.count(way.runs()),
                    Readable.count(way.partitions()),
                    Readable.count(way.fanIn()),
                    Readable.seconds(way.seconds()),
                    Readable.bytes(way.bytesMoved())))
        .collect(
            Collectors.joining(
                "",
                "<table class=\"numbers\" id=\"ways\"><tr><th>way</th><th>runs</th>"
                    + "<th>partitions</th><th>fan-in</th><th>time</th><th>moved</th></tr>",
                "</table>"));
  }

  /** Runs of the longest sequence. */
  private int longest() {
    return Math.toIntExact(verdict.table().longest());
  }

  private String treeInWords() {
    int runs = longest();
    if (runs == 1) {
      return "Every sequence lies in one run: nothing has to be scanned.";
    }
    TreeShape shape = TreeShape.of(runs, verdict.fanIn());
    return String.format(
        Locale.ROOT,
        "The longest sequence: %s, fan-in %d, %s. Summaries of neighbours are combined upwards, in"
            + " order; the states in front of them come down the same edges.",
        counted(runs, "run"),
        verdict.fanIn(),
        counted(shape.levels(), "level"));
  }

  private String checks() {
    return verdict.checks().stream()
        .map(
            check ->
                HtmlPage.row(
                    Readable.escape(check.name())
                        + "<br><small>"
                        + Readable.escape(check.detail())
                        + "</small>",
                    Readable.error(check.error()),
                    limit(check),
                    result(check)))
        .collect(
            Collectors.joining(
                "",
                "<table class=\"numbers\" id=\"checks\"><tr><th>check</th><th>error</th>"
                    + "<th>limit</th><th>verdict</th></tr>",
                "</table>"));
  }

  private static String limit(Check check) {
    String above = check.isControl() && !Double.isNaN(check.limit()) ? "&gt; " : "";
    return above + Readable.error(check.limit());
  }

  private static String result(Check check) {
    if (!check.applies()) {
      return check.result();
    }
    return check.passed()
        ? "<span class=\"ok\">\u2714 " + check.result() + "</span>"
        : "<span class=\"bad\">\u2718 " + check.result() + "</span>";
  }
}
