package io.hla.spark.report;

import io.hla.spark.JobObserver;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** Tells people what a job does while it does it. */
public final class ConsoleReport implements JobObserver {
  private static final long TERMINAL_PAUSE = TimeUnit.SECONDS.toNanos(1);
  private static final long LINE_PAUSE = TimeUnit.MINUTES.toNanos(1);

  private final PrintStream out;
  private final boolean terminal;
  private String phase;
  private long told;
  private int shown;

  /**
   * @param out takes the lines
   * @param terminal whether what stands in the last line may be written over; the share of a phase
   *     that is done is shown there every second, else in a line of its own every minute
   */
  public ConsoleReport(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  @Override
  public synchronized void phaseStarted(String name, String doing) {
    phase = name;
    told = System.nanoTime();
    line(name, doing);
  }

  @Override
  public synchronized void progress(String name, double share) {
    long now = System.nanoTime();
    // The listener thread may be behind: what it says of an earlier phase is old news.
    if (!name.equals(phase) || now - told < (terminal ? TERMINAL_PAUSE : LINE_PAUSE)) {
      return;
    }
    told = now;
    String done = String.format("%.0f%% done", 100 * share);
    if (terminal) {
      wipe();
      String line = String.format("%-16s %s", name, done);
      out.print(line);
      out.flush();
      shown = line.length();
    } else {
      line(name, done);
    }
  }

  @Override
  public synchronized void phaseEnded(String name, double seconds) {
    wipe();
    phase = null;
  }

  @Override
  public synchronized void warning(String message) {
    line("warning", message);
  }

  /** Prints what a report holds in the end; its warnings were printed when they came. */
  public synchronized void summary(Map<String, Object> report) {
    wipe();
    out.println();
    report.forEach(
        (name, value) -> {
          switch (name) {
            case "warnings" -> {}
            case "phaseSeconds" -> line("time", phases((Map<?, ?>) value));
            case "seconds" -> line("total", String.format("%.2f s", (double) value));
            case "tokensPerSecond" -> line("speed", String.format("%,d tokens/s", (long) value));
            default -> line(name, text(value));
          }
        });
  }

  private static String phases(Map<?, ?> seconds) {
    return seconds.entrySet().stream()
        .map(phase -> String.format("%s %.2f s", phase.getKey(), phase.getValue()))
        .collect(Collectors.joining("  "));
  }

  private static String text(Object value) {
    if (value instanceof Double number) {
      return String.format("%.2f", number);
    }
    return value instanceof Number number
        ? String.format("%,d", number.longValue())
        : String.valueOf(value);
  }

  private void line(String name, String text) {
    wipe();
    out.printf("%-16s %s%n", name, text);
    out.flush();
  }

  /** Clears the last line of a terminal. */
  private void wipe() {
    if (shown > 0) {
      out.print("\r" + " ".repeat(shown) + "\r");
      shown = 0;
    }
  }
}
