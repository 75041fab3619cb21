package io.hla.spark.attend;

import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/** The figures of one job, each told to an observer when it is known. */
final class JobFigures {
  private final Map<Figure, Object> values = new EnumMap<>(Figure.class);
  private final JobObserver observer;

  JobFigures(JobObserver observer) {
    this.observer = observer;
  }

  void put(Figure figure, Object value) {
    values.put(figure, value);
    observer.figure(figure, value);
  }

  void warn(String message) {
    observer.warning(message);
  }

  /** All so far. */
  Map<Figure, Object> all() {
    return Collections.unmodifiableMap(new EnumMap<>(values));
  }
}
