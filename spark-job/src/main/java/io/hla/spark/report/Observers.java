package io.hla.spark.report;

import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import io.hla.spark.PhaseFigures;
import java.util.List;

/** Several observers as one. */
public final class Observers {
  private Observers() {}

  /** Tells all of them everything, in this order. */
  public static JobObserver of(JobObserver... observers) {
    return new All(List.of(observers));
  }

  private record All(List<JobObserver> observers) implements JobObserver {
    @Override
    public void phaseStarted(String phase, String doing) {
      observers.forEach(observer -> observer.phaseStarted(phase, doing));
    }

    @Override
    public void progress(String phase, double share) {
      observers.forEach(observer -> observer.progress(phase, share));
    }

    @Override
    public void phaseEnded(PhaseFigures phase) {
      observers.forEach(observer -> observer.phaseEnded(phase));
    }

    @Override
    public void figure(Figure figure, Object value) {
      observers.forEach(observer -> observer.figure(figure, value));
    }

    @Override
    public void warning(String message) {
      observers.forEach(observer -> observer.warning(message));
    }
  }
}
