package io.hla.spark.report;

import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import io.hla.spark.PhaseFigures;
import io.hla.spark.page.Readable;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Tells people what a job does while it does it. */
public final class ConsoleReport implements JobObserver {
  private static final long TERMINAL_PAUSE = TimeUnit.SECONDS.toNanos(1);
  private static final long LINE_PAUSE = TimeUnit.MINUTES.toNanos(1);

  /** Phases that go over all tokens once. */
  private static final Set<String> OVER_TOKENS =
      Set.of("sort", "summarize", "attend", "features", "induction");

  private final PrintStream out;
  private final boolean terminal;
  private final LongSupplier clock;
  private String phase;
  private long begun;
  private long told;
  private long tokens;
  private int shown;

  /**
   * @param out takes the lines
   * @param terminal whether what stands in the last line may be written over; the share of a phase
   *     that is done is shown there every second, else in a line of its own every minute
   */
  public ConsoleReport(PrintStream out, boolean terminal) {
    this(out, terminal, System::nanoTime);
  }

  /** The same with a clock of nanoseconds. */
  ConsoleReport(PrintStream out, boolean terminal, LongSupplier clock) {
    this.out = out;
    this.terminal = terminal;
    this.clock = clock;
  }

  @Override
  public synchronized void phaseStarted(String name, String doing) {
    phase = name;
    begun = clock.getAsLong();
    told = begun;
    line(name, doing);
  }

  @Override
  public synchronized void progress(String name, double share) {
    long now = clock.getAsLong();
    // The listener thread may be behind: what it says of an earlier phase is old news.
    if (!name.equals(phase) || now - told < (terminal ? TERMINAL_PAUSE : LINE_PAUSE)) {
      return;
    }
    told = now;
    String done = done(name, share, (now - begun) / 1e9);
    if (terminal) {
      wipe();
      String line = String.format(Locale.ROOT, "%-16s %s", name, done);
      out.print(line);
      out.flush();
      shown = line.length();
    } else {
      line(name, done);
    }
  }

  /** The share that is done, how fast that went, and when all would be. */
  private String done(String name, double share, double seconds) {
    StringBuilder done = new StringBuilder();
    done.append(String.format(Locale.ROOT, "%.0f%% done", 100 * share));
    // Of a layer or of the whole job.
    if (tokens > 0 && OVER_TOKENS.contains(name.substring(name.lastIndexOf(' ') + 1))) {
      long speed = Math.round(share * tokens / seconds);
      done.append(", ").append(Readable.count(speed)).append(" tokens/s");
    }
    if (share > 0 && share < 1) {
      done.append(", ").append(Readable.duration(seconds * (1 - share) / share)).append(" left");
    }
    return done.toString();
  }

  @Override
  public synchronized void phaseEnded(PhaseFigures ended) {
    wipe();
    phase = null;
  }

  @Override
  public synchronized void figure(Figure figure, Object value) {
    if (figure == Figure.TOKENS && value instanceof Number number) {
      tokens = number.longValue();
    }
  }

  @Override
  public synchronized void warning(String message) {
    line("warning", message);
  }

  /** Prints what a job did; its warnings were printed when they came. */
  public synchronized void summary(RunReport report) {
    wipe();
    out.println();
    new RunSummary(report).lines().forEach(this::line);
  }

  private void line(String name, String text) {
    wipe();
    out.printf(Locale.ROOT, "%-16s %s%n", name, text);
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
