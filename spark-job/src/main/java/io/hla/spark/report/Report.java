package io.hla.spark.report;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.util.CollectionAccumulator;

/** Phases, counts and figures of one run: printed as they come, summed up at the end. */
public final class Report {
  private final PrintStream out;
  private final SparkContext context;
  private final long started = System.nanoTime();
  private final Map<String, Double> phases = new LinkedHashMap<>();
  private final Map<String, Object> figures = new LinkedHashMap<>();
  private CollectionAccumulator<String> kernels;

  /** {@code out} takes the lines for people. */
  public Report(SparkContext context, PrintStream out) {
    this.context = context;
    this.out = out;
  }

  /** Runs one phase under its name in Spark's UI, and keeps its time. */
  public <T> T phase(String name, String doing, Supplier<T> work) {
    out.printf("%-16s %s%n", name, doing);
    out.flush();
    context.setJobDescription("HLA " + name + ": " + doing);
    long start = System.nanoTime();
    try {
      return work.get();
    } finally {
      phases.merge(name, (System.nanoTime() - start) / 1e9, Double::sum);
      context.setJobDescription(null);
    }
  }

  /** The same for work without a result. */
  public void phase(String name, String doing, Runnable work) {
    phase(
        name,
        doing,
        () -> {
          work.run();
          return null;
        });
  }

  /** What the index found. */
  public void runs(long tokens, int sequences, int runs, int partitions, boolean sorted) {
    figure("tokens", tokens);
    figure("sequences", sequences);
    figure("runs", runs);
    figure("partitions", partitions);
    figure("inputOrder", sorted ? "sorted" : "stored");
  }

  /** Where a table went, under the name of its option; null for a table that was not wanted. */
  public void table(String option, String path) {
    if (path != null) {
      figure(option, path);
    }
  }

  /** Adds a figure. */
  public void figure(String name, Object value) {
    figures.put(name, value);
  }

  /** A figure that was added, or null. */
  public Object figure(String name) {
    return figures.get(name);
  }

  /** Where tasks say which kernel they used. */
  public CollectionAccumulator<String> kernels(SparkContext context) {
    kernels = context.collectionAccumulator("HLA kernels");
    return kernels;
  }

  /** All figures, as the JSON report has them. */
  public Map<String, Object> toMap() {
    double seconds = (System.nanoTime() - started) / 1e9;
    Map<String, Object> all = new LinkedHashMap<>(figures);
    if (kernels != null) {
      all.put("kernels", String.join(", ", new TreeSet<>(kernels.value())));
    }
    all.put("phaseSeconds", phases);
    all.put("seconds", seconds);
    if (figures.get("tokens") instanceof Long tokens) {
      all.put("tokensPerSecond", Math.round(tokens / seconds));
    }
    return all;
  }

  /** Prints the summary for people. */
  public void print() {
    Map<String, Object> all = toMap();
    out.println();
    all.forEach(
        (name, value) -> {
          if (name.equals("phaseSeconds")) {
            StringBuilder line = new StringBuilder();
            phases.forEach((phase, time) -> line.append(String.format("%s %.2f s  ", phase, time)));
            print("time", line.toString().trim());
          } else if (name.equals("seconds")) {
            print("total", String.format("%.2f s", (double) value));
          } else if (name.equals("tokensPerSecond")) {
            print("speed", String.format("%,d tokens/s", (long) value));
          } else if (value instanceof Number number) {
            print(name, String.format("%,d", number.longValue()));
          } else {
            print(name, String.valueOf(value));
          }
        });
    out.flush();
  }

  private void print(String name, String value) {
    out.printf("%-16s %s%n", name, value);
  }

  /** Writes the report for machines. */
  public void writeJson(Path file) throws IOException {
    if (file.toAbsolutePath().getParent() != null) {
      Files.createDirectories(file.toAbsolutePath().getParent());
    }
    new ObjectMapper()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .writeValue(file.toFile(), toMap());
  }
}
