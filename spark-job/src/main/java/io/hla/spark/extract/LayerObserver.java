package io.hla.spark.extract;

import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import java.util.Map;
import java.util.Set;

/**
 * Passes on what the attentions of a model find out, layer by layer: figures of the input once,
 * those of the scans as sums, warnings of the first layer.
 */
final class LayerObserver implements JobObserver {
  private static final Set<Figure> SUMS =
      Set.of(
          Figure.SCAN_STEPS,
          Figure.COMBINES,
          Figure.ADVANCES,
          Figure.SUMMARY_BYTES_MOVED,
          Figure.STATE_BYTES_MOVED);

  private final JobObserver observer;
  private final Map<Figure, Object> figures;
  private final boolean isFirst;

  /**
   * @param figures of the layers before, to which those of this one are added
   */
  LayerObserver(JobObserver observer, Map<Figure, Object> figures, boolean isFirst) {
    this.observer = observer;
    this.figures = figures;
    this.isFirst = isFirst;
  }

  @Override
  public void figure(Figure figure, Object value) {
    if (merge(figures, figure, value)) {
      observer.figure(figure, figures.get(figure));
    }
  }

  /** Adds a figure of another layer; false if that changes nothing. */
  private static boolean merge(Map<Figure, Object> figures, Figure figure, Object value) {
    Object known = figures.get(figure);
    if (known == null) {
      figures.put(figure, value);
      return true;
    }
    if (SUMS.contains(figure)) {
      figures.put(figure, ((Number) known).longValue() + ((Number) value).longValue());
      return true;
    }
    return false;
  }

  @Override
  public void warning(String message) {
    if (isFirst) {
      observer.warning(message);
    }
  }
}
