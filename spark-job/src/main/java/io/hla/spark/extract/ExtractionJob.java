package io.hla.spark.extract;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.Figure;
import io.hla.spark.InputException;
import io.hla.spark.JobObserver;
import io.hla.spark.attend.AttentionJob;
import io.hla.spark.attend.IndexedTokens;
import io.hla.spark.attend.JobParts;
import io.hla.spark.attend.Phases;
import io.hla.spark.attend.Prepared;
import io.hla.spark.attend.TokenSource;
import io.hla.spark.extract.Features.Kind;
import io.hla.spark.model.ModelDirectory;
import io.hla.spark.passes.JobMetrics;
import io.hla.spark.runs.RunPlan;
import io.hla.spark.table.HeadSizes;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.metric.SQLMetric;

/**
 * One extraction, layer by layer: the index of the ids, then for every layer the scan of its
 * attention, whose tokens come from the layer below. What is left is the pass that gives the
 * features.
 */
final class ExtractionJob {
  private final JavaSparkContext context;
  private final FeatureExtractor request;
  private final HiddenLayout layout;
  private final JobMetrics metrics;
  private final SQLMetric layerTime;
  private final Map<Figure, Object> figures;

  /**
   * @param layout of rows of hidden vectors
   * @param metrics of the attentions
   * @param layerTime counts the time of tasks between them
   * @param figures takes what is found out
   */
  ExtractionJob(
      JavaSparkContext context,
      FeatureExtractor request,
      HiddenLayout layout,
      JobMetrics metrics,
      SQLMetric layerTime,
      Map<Figure, Object> figures) {
    this.context = context;
    this.request = request;
    this.layout = layout;
    this.metrics = metrics;
    this.layerTime = layerTime;
    this.figures = figures;
  }

  /**
   * Runs every pass but the last.
   *
   * @param ids rows as {@link io.hla.spark.table.IdSelection} selects them
   * @param states of all layers, as {@link ModelStates} selects them; null for none
   * @throws InputException if the model, the ids or the states are refused
   */
  Extraction run(TokenSource ids, JavaRDD<InternalRow> states) {
    DecoderModel model;
    try (ModelDirectory directory = request.open(context.hadoopConfiguration())) {
      int layers = request.features().layers(directory.config().layers());
      model = new DecoderModel(directory, request.precision(), layers, request.scored());
    }
    LayerWork work = new LayerWork(context.broadcast(model), layout, request.compute(), layerTime);
    Extraction extraction = new Extraction(request, layout, work);
    boolean done = false;
    try {
      scan(model, ids, states, extraction);
      done = true;
    } finally {
      if (!done) {
        extraction.forget();
      }
    }
    return extraction;
  }

  private void scan(
      DecoderModel model, TokenSource ids, JavaRDD<InternalRow> states, Extraction extraction) {
    LayerWork work = extraction.work();
    int layers = model.layers();
    if (layers == 0) {
      extraction.of(work.embed(ids.rows()));
      return;
    }
    if (layers > 1) {
      put(Figure.SCAN_STEPS_BECAUSE, "every layer has its own");
    }
    ModelStates table = new ModelStates(layout.sequenceType(), model.fingerprint());
    IndexedTokens indexed = job(model.attention(0), 0).index(ids);
    extraction.of(indexed, work.embed(indexed.rows()));
    JavaRDD<InternalRow> hidden = extraction.hidden();
    for (int layer = 0; layer < layers; layer++) {
      boolean last = layer == layers - 1;
      boolean attentionAlone = last && request.features().kind() == Kind.ATTENTION;
      Prepared prepared =
          job(model.attention(layer), layer)
              .prepare(
                  indexed.with(work.enter(hidden, layer)),
                  // Without states the runs are ordered alike for all layers.
                  states == null && layer > 0 ? extraction.plan() : null,
                  states == null ? null : table.of(states, layer));
      hidden = work.leave(prepared.allOutputs(), layer, attentionAlone);
      boolean keep = !last && keeps(prepared.plan(), model.hiddenSize());
      extraction.add(
          prepared, keep ? KeptRows.of(hidden, prepared.plan().planned(), layout) : null, hidden);
      hidden = extraction.hidden();
      checkContinued(extraction.plan(), prepared.plan(), layer);
    }
  }

  /** A sequence goes on from the states of all layers or of none. */
  private static void checkContinued(RunPlan first, RunPlan plan, int layer) {
    long expected = first.figures().continued();
    long found = plan.figures().continued();
    if (found != expected) {
      throw new InputException(
          "HLA_STATE_REQUIRED",
          String.format(
              Locale.ROOT,
              "%,d sequences go on from a state of layer 1 and %,d from one of layer %d, expected the"
                  + " states of all layers",
              expected,
              found,
              layer + 1));
    }
  }

  private AttentionJob job(AttentionSettings settings, int layer) {
    JobObserver observer = new LayerObserver(request.observer(), figures, layer == 0);
    return new AttentionJob(
        context,
        settings,
        new HeadSizes(settings.headDim(), settings.valueDim()),
        request.compute(),
        layout.tokens(settings.gated()),
        request.wantsFinalStates(),
        metrics,
        observer,
        new Phases(context.sc(), request.observer(), "layer " + (layer + 1) + " "),
        JobParts.SOUND);
  }

  /** Whether hidden vectors are kept; without a scan only one pass reads them. */
  private boolean keeps(RunPlan plan, int width) {
    if (plan.figures().scanned() == 0) {
      return false;
    }
    long bytes = plan.figures().tokens() * width * layout.element().bytes();
    boolean keep =
        request.betweenLayers() == BetweenLayers.KEEP
            || (request.betweenLayers() == BetweenLayers.AUTO && bytes <= keepBytes());
    put(Figure.BETWEEN_LAYERS, keep ? "kept" : "recomputed");
    put(
        Figure.BETWEEN_LAYERS_BECAUSE,
        request.betweenLayers() != BetweenLayers.AUTO
            ? "asked for"
            : String.format(
                Locale.ROOT,
                "hidden vectors of a layer take %,d bytes, and %,d may be kept",
                bytes,
                keepBytes()));
    return keep;
  }

  private long keepBytes() {
    return request.keepBytes() != null
        ? request.keepBytes()
        : context
            .getConf()
            .getSizeAsBytes("spark.hla.extract.keepBytes", FeatureExtractor.DEFAULT_KEEP_BYTES);
  }

  private void put(Figure figure, Object value) {
    if (figures.put(figure, value) == null) {
      request.observer().figure(figure, value);
    }
  }
}
