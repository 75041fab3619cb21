package io.hla.spark.extract;

import io.hla.spark.Figure;
import io.hla.spark.JobObserver;
import io.hla.spark.PhaseFigures;
import java.util.Map;
import java.util.Set;

/**
 * Passes on what the attentions of a model tell, layer by layer: phases with the number of their
 * layer, figures of the input once, those of the scans as sums.
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
  private final int layer;

  /**
   * @param figures of the layers before, to which those of this one are added
   * @param layer from 0
   */
  LayerObserver(JobObserver observer, Map<Figure, Object> figures, int layer) {
    this.observer = observer;
    this.figures = figures;
    this.layer = layer;
  }

  private String named(String phase) {
    return "layer " + (layer + 1) + ": " + phase;
  }

  @Override
  public void phaseStarted(String phase, String doing) {
    observer.phaseStarted(named(phase), doing);
  }

  @Override
  public void progress(String phase, double share) {
    observer.progress(named(phase), share);
  }

  @Override
  public void phaseEnded(PhaseFigures phase) {
    observer.phaseEnded(phase.withName(named(phase.name())));
  }

  @Override
  public void figure(Figure figure, Object value) {
    if (merge(figures, figure, value)) {
      observer.figure(figure, figures.get(figure));
    }
  }

  /** Adds a figure of another layer; false if that changes nothing. */
  static boolean merge(Map<Figure, Object> figures, Figure figure, Object value) {
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
    if (layer == 0) {
      observer.warning(message);
    }
  }
}
