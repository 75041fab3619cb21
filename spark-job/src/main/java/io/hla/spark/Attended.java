package io.hla.spark;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Summary;
import io.hla.spark.attend.Prepared;
import io.hla.spark.plan.AttentionPlan;
import io.hla.spark.plan.AttentionTable;
import io.hla.spark.plan.InputFiles;
import io.hla.spark.runs.Run;
import io.hla.spark.table.SequenceKey;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;

/** The result of a request that has run. */
record Attended(
    AttentionPlan plan, Prepared prepared, boolean withFinalStates, boolean withPrefixes)
    implements Attention.Result {

  @Override
  public Dataset<Row> outputs() {
    return plan.table(AttentionTable.OUTPUTS);
  }

  @Override
  public Dataset<Row> finalStates() {
    return states(withFinalStates, AttentionTable.FINAL_STATES);
  }

  @Override
  public Dataset<Row> prefixes() {
    return states(withPrefixes, AttentionTable.PREFIXES);
  }

  private Dataset<Row> states(boolean wanted, AttentionTable table) {
    return wanted ? plan.table(table) : plan.empty(table);
  }

  @Override
  public DataType sequenceType() {
    return plan.sequenceType();
  }

  @Override
  public AttentionSettings settings() {
    return prepared.settings();
  }

  @Override
  public Map<Figure, Object> figures() {
    Map<Figure, Object> figures = new EnumMap<>(Figure.class);
    figures.putAll(prepared.figures());
    figures.putAll(plan.counted());
    return figures;
  }

  @Override
  public long tokens() {
    return prepared.plan().figures().tokens();
  }

  @Override
  public long sequences() {
    return prepared.plan().figures().sequences();
  }

  @Override
  public long runs() {
    return prepared.plan().figures().runs();
  }

  @Override
  public int partitions() {
    return prepared.plan().partitions();
  }

  @Override
  public long longest() {
    return prepared.plan().figures().longest();
  }

  @Override
  public JavaRDD<Run> runList() {
    return prepared.plan().runs();
  }

  @Override
  public List<Run> runsOf(SequenceKey sequence, long from, long to) {
    return prepared.plan().runsOf(sequence, from, to);
  }

  @Override
  public SequenceKey longestSequence() {
    return prepared.plan().figures().longestSequence();
  }

  @Override
  public List<Summary> summaries(List<Run> runs) {
    return prepared.summaries(runs);
  }

  @Override
  public JavaRDD<byte[]> recomputed(double share, long seed) {
    return prepared.recomputed(share, seed);
  }

  @Override
  public InputFiles inputFiles() {
    return plan.inputFiles();
  }
}
