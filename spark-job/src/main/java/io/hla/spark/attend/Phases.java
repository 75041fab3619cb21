package io.hla.spark.attend;

import io.hla.spark.JobObserver;
import io.hla.spark.PhaseFigures;
import java.util.UUID;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;

/**
 * Runs phases of a job: named in Spark's UI, told to an observer. Job groups and tags stay the
 * caller's, and its job description is put back.
 */
public final class Phases {
  private static final String DESCRIPTION = "spark.job.description";
  private static final String PHASE = "spark.hla.phase";
  private static final long LONGEST_WAIT_MILLIS = 5_000;

  private final SparkContext context;
  private final JobObserver observer;
  private final String part;

  public Phases(SparkContext context, JobObserver observer) {
    this(context, observer, "");
  }

  /** {@code part} stands in front of the names of all phases: those of a part of a job. */
  public Phases(SparkContext context, JobObserver observer, String part) {
    this.context = context;
    this.observer = observer;
    this.part = part;
  }

  /** Runs one phase; {@code doing} is for people. */
  public <T> T run(String name, String doing, Supplier<T> work) {
    String phase = part + name;
    String described = context.getLocalProperty(DESCRIPTION);
    String outer = context.getLocalProperty(PHASE);
    String id = UUID.randomUUID().toString();
    PhaseListener tasks = new PhaseListener(PHASE, id, phase, observer);
    boolean observed = observer != JobObserver.NONE;
    observer.phaseStarted(phase, doing);
    context.setLocalProperty(DESCRIPTION, "HLA " + phase + ": " + doing);
    context.setLocalProperty(PHASE, id);
    if (observed) {
      context.addSparkListener(tasks);
    }
    long start = System.nanoTime();
    try {
      return Refusals.endAtOnce(context, work);
    } finally {
      double seconds = (System.nanoTime() - start) / 1e9;
      context.setLocalProperty(PHASE, outer);
      context.setLocalProperty(DESCRIPTION, described);
      if (observed) {
        awaitNews();
        context.removeSparkListener(tasks);
        PhaseFigures figures = tasks.figures(doing, seconds);
        observer.phaseEnded(figures);
      }
    }
  }

  // What tasks took is told a moment after their job has ended.
  private void awaitNews() {
    try {
      if (!context.isStopped()) {
        context.listenerBus().waitUntilEmpty(LONGEST_WAIT_MILLIS);
      }
    } catch (TimeoutException e) {
      observer.warning("Spark's events are late: figures of tasks are not whole");
    }
  }

  /** The same for work without a result. */
  public void run(String name, String doing, Runnable work) {
    run(
        name,
        doing,
        () -> {
          work.run();
          return null;
        });
  }
}
