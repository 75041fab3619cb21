package io.hla.spark.ml;

import io.hla.spark.AttentionOption;
import io.hla.spark.extract.ExtractionOption;
import java.util.Map;

/** What options are where nothing is said, as far as that is one value for all tables. */
final class Defaults {
  static final Map<AttentionOption, Object> ATTENTION =
      Map.ofEntries(
          Map.entry(AttentionOption.OPERATOR, "hla2"),
          Map.entry(AttentionOption.MASK, "causal"),
          Map.entry(AttentionOption.FORM, "exact"),
          Map.entry(AttentionOption.NUM_HEADS, 1),
          Map.entry(AttentionOption.DECAY, new double[] {1}),
          Map.entry(AttentionOption.RIDGE, 0.0),
          Map.entry(AttentionOption.NORMALIZE, false),
          Map.entry(AttentionOption.EPSILON, 1e-6),
          Map.entry(AttentionOption.SCALE, 1.0),
          Map.entry(AttentionOption.FEATURE_MAP, "identity"),
          Map.entry(AttentionOption.PRECISION, "float64"),
          Map.entry(AttentionOption.OUTPUT_TYPE, "float"),
          Map.entry(AttentionOption.POSITION, "pos"),
          Map.entry(AttentionOption.QUERY, "q"),
          Map.entry(AttentionOption.KEY, "k"),
          Map.entry(AttentionOption.VALUE, "v"),
          Map.entry(AttentionOption.GATE_SCALE, "linear"),
          Map.entry(AttentionOption.OUTPUT_COLUMN, "o"),
          Map.entry(AttentionOption.REQUIRE_STATE, false),
          Map.entry(AttentionOption.INPUT_ORDER, "auto"),
          Map.entry(AttentionOption.CUT_EVERY, 0L),
          Map.entry(AttentionOption.ON_NONFINITE, "fail"),
          Map.entry(AttentionOption.FAN_IN, 16),
          Map.entry(AttentionOption.KERNELS, "auto"),
          Map.entry(AttentionOption.ISA, "auto"));

  static final Map<ExtractionOption, Object> EXTRACTION =
      Map.ofEntries(
          Map.entry(ExtractionOption.ALLOW_EXTRA, false),
          Map.entry(ExtractionOption.FEATURES, "hidden"),
          Map.entry(ExtractionOption.SCORE, false),
          Map.entry(ExtractionOption.POOL, "none"),
          Map.entry(ExtractionOption.WINDOW, 0L),
          Map.entry(ExtractionOption.PRECISION, "float64"),
          Map.entry(ExtractionOption.DTYPE, "float"),
          Map.entry(ExtractionOption.L2, false),
          Map.entry(ExtractionOption.POSITION, "pos"),
          Map.entry(ExtractionOption.ID, "id"),
          Map.entry(ExtractionOption.OUTPUT_COLUMN, "features"),
          Map.entry(ExtractionOption.BETWEEN_LAYERS, "auto"),
          Map.entry(ExtractionOption.REQUIRE_STATE, false),
          Map.entry(ExtractionOption.INPUT_ORDER, "auto"),
          Map.entry(ExtractionOption.CUT_EVERY, 0L),
          Map.entry(ExtractionOption.ON_NONFINITE, "fail"),
          Map.entry(ExtractionOption.FAN_IN, 16),
          Map.entry(ExtractionOption.KERNELS, "auto"),
          Map.entry(ExtractionOption.ISA, "auto"));

  private Defaults() {}
}
