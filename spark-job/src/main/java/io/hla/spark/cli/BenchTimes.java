package io.hla.spark.cli;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Times of several kinds of work that take turns. The first turn is cold, the others are warm. */
final class BenchTimes {
  private final com.sun.management.OperatingSystemMXBean system =
      (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final Map<String, List<Time>> all = new LinkedHashMap<>();

  /**
   * @param wall seconds
   * @param processor seconds of all threads of this JVM; with executors elsewhere, the driver's
   */
  private record Time(double wall, double processor) {}

  void measure(String name, Runnable work) {
    long processor = system.getProcessCpuTime();
    long start = System.nanoTime();
    work.run();
    double wall = (System.nanoTime() - start) / 1e9;
    all.computeIfAbsent(name, key -> new ArrayList<>())
        .add(new Time(wall, (system.getProcessCpuTime() - processor) / 1e9));
  }

  /** The last turn in one line. */
  String lastTurn() {
    StringBuilder line = new StringBuilder();
    all.forEach(
        (name, times) ->
            line.append(
                String.format(
                    Locale.ROOT, "  %s %.2f s", name, times.get(times.size() - 1).wall())));
    return line.toString();
  }

  /** One line for each kind of work, against the best and the median of one of them. */
  String table(String base, long tokens) {
    StringBuilder table =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%-26s %8s %8s %8s %8s %8s %12s%n",
                "seconds",
                "cold",
                "best",
                "ratio",
                "median",
                "ratio",
                "ns CPU/token"));
    all.forEach(
        (name, times) ->
            table.append(
                String.format(
                    Locale.ROOT,
                    "%-26s %8.2f %8.2f %8.2f %8.2f %8.2f %12.0f%n",
                    name,
                    times.get(0).wall(),
                    best(name),
                    best(name) / best(base),
                    median(name),
                    median(name) / median(base),
                    1e9 * medianProcessor(name) / Math.max(1, tokens))));
    return table.toString();
  }

  private List<Time> warm(String name) {
    List<Time> times = all.get(name);
    return times.size() == 1 ? times : times.subList(1, times.size());
  }

  double best(String name) {
    return warm(name).stream().mapToDouble(Time::wall).min().orElseThrow();
  }

  double median(String name) {
    return median(warm(name).stream().map(Time::wall).toList());
  }

  private double medianProcessor(String name) {
    return median(warm(name).stream().map(Time::processor).toList());
  }

  private static double median(List<Double> values) {
    List<Double> sorted = new ArrayList<>(values);
    Collections.sort(sorted);
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
