package io.hla.spark.extract;

import io.hla.spark.Figure;
import io.hla.spark.plan.AttentionTable;
import io.hla.spark.plan.InputFiles;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;

/** What a plan has prepared. */
record Extracted(ExtractionPlan plan, boolean withFinalStates) implements FeatureExtractor.Result {

  @Override
  public Dataset<Row> features() {
    return plan.table(AttentionTable.OUTPUTS);
  }

  @Override
  public Dataset<Row> finalStates() {
    return withFinalStates
        ? plan.table(AttentionTable.FINAL_STATES)
        : plan.empty(AttentionTable.FINAL_STATES);
  }

  @Override
  public DataType sequenceType() {
    return plan.sequenceType();
  }

  @Override
  public Map<Figure, Object> figures() {
    return plan.figures();
  }

  @Override
  public InputFiles inputFiles() {
    return plan.inputFiles();
  }

  @Override
  public void close() {
    plan.forget();
  }
}
