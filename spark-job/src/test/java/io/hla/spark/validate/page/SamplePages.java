package io.hla.spark.validate.page;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.Figure;
import io.hla.spark.PhaseFigures;
import io.hla.spark.report.RunReport;
import io.hla.spark.validate.Check;
import io.hla.spark.validate.Validator.Counts;
import io.hla.spark.validate.Validator.Verdict;
import io.hla.spark.validate.Way;
import io.hla.spark.validate.Way.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Pages of verdicts that no job gives so easily: failing ones, very large and very small ones. */
final class SamplePages {
  private static final Check HOLDS =
      new Check("outputs = dense definition", 2.1e-8, 1e-5, false, true, "48 tokens");
  private static final Check FAILS =
      new Check(
          "same outputs with runs <cut> every 100", 0.3, 1e-5, false, false, "7 runs & 3 states");
  private static final Check UNSEEN =
      new Check("flipped bit in a summary", Double.NaN, Double.NaN, true, false, "bit 0");

  private SamplePages() {}

  /** Writes them all to the folder that is named. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    for (Map.Entry<String, String> page : all().entrySet()) {
      Files.writeString(folder.resolve(page.getKey() + ".html"), page.getValue());
    }
  }

  /** By name; those that do not hold begin with "fails". */
  static Map<String, String> all() {
    Map<String, String> pages = new TreeMap<>();
    pages.put("fails", fails());
    pages.put("holds-one-run", page(verdict(1, 1, 1, 0, 16, List.of(HOLDS))));
    pages.put("holds-binary", page(verdict(1, 200, 1000, 5, 2, List.of(HOLDS))));
    pages.put("holds-32-runs", page(verdict(2, 32, 10, 0, 16, List.of(HOLDS))));
    pages.put(
        "holds-huge",
        page(verdict(300, 123_456, 98_765, 9_000_000_000_000_000L, 16, List.of(HOLDS))));
    return pages;
  }

  /** Two checks do not hold, and some errors are beyond the limit or no number. */
  static String fails() {
    Verdict verdict = verdict(1, 41, 100, 0, 3, List.of(HOLDS, FAILS, UNSEEN));
    verdict.errorAtPosition().put(1000L, 30.0);
    verdict.errorAtPosition().put(2000L, Double.NaN);
    verdict.errorAtPosition().put(3000L, Double.POSITIVE_INFINITY);
    return page(verdict);
  }

  static Verdict verdict(
      int heads, int runs, long length, long start, int fanIn, List<Check> checks) {
    TreeMap<Long, Double> errors = new TreeMap<>();
    for (int i = 0; i < 50; i++) {
      errors.put(start + i * runs * length / 50, i % 7 == 0 ? 0 : 1e-9 * i);
    }
    AttentionSettings settings =
        AttentionSettings.builder(64, 64)
            .heads(heads, heads)
            .decay(Collections.nCopies(heads, 0.999755859375))
            .build();
    Counts table = new Counts(runs * length, 1, runs, runs);
    return new Verdict(settings, checks, table, errors, 1e-5, ways(runs, fanIn), fanIn);
  }

  private static List<Way> ways(int runs, int fanIn) {
    List<Way> ways = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      ways.add(new Way(kind, kind.text(), 1000, runs, 7, fanIn, runs / 100.0, runs * 5_300_000L));
    }
    return ways;
  }

  private static String page(Verdict verdict) {
    RunReport report = new RunReport("validate", Map.of());
    report.figure(Figure.TOKENS, verdict.table().tokens());
    report.figure(Figure.SUMMARY_BYTES_MOVED, 123_456_789_012L);
    report.figure(Figure.OUTPUT, "hdfs:///" + "a/very/long/path/".repeat(12));
    report.phaseEnded(PhaseFigures.of("index", "reading positions", 0));
    report.phaseEnded(PhaseFigures.of("again", "once more", 12_345.6));
    return new ValidationPage(verdict, report).html();
  }
}
