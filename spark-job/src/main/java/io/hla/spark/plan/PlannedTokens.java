package io.hla.spark.plan;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.expr;

import io.hla.spark.attend.TokenSource;
import io.hla.spark.parquet.VectorScanFormat;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationRef;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.FileSourceScanExec;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SparkPlan;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import scala.jdk.javaapi.CollectionConverters;

/** The token rows of one physical plan, which all passes read. */
public final class PlannedTokens implements TokenSource {
  private final PinnedSession pinned;
  private final LogicalPlan selected;
  private final StructType schema;
  private final DataType sequenceType;
  private final int sequenceOrdinal;
  private final SparkPlan plan;
  private final RDD<InternalRow> rows;

  /**
   * @param selected the tokens, with columns pos, in front, and seq if there are sequences
   * @param schema of these
   * @param sequenceType type of seq, or null when there is none
   * @param sequenceOrdinal where it stands
   * @param plan the physical plan of these
   */
  public PlannedTokens(
      PinnedSession pinned,
      LogicalPlan selected,
      StructType schema,
      DataType sequenceType,
      int sequenceOrdinal,
      SparkPlan plan,
      SQLConf conf) {
    this.pinned = pinned;
    this.selected = selected;
    this.schema = schema;
    this.sequenceType = sequenceType;
    this.sequenceOrdinal = sequenceOrdinal;
    this.plan = plan;
    this.rows = PhysicalRows.of(plan, conf);
  }

  @Override
  public JavaRDD<InternalRow> rows() {
    return rows.toJavaRDD();
  }

  @Override
  public int sequenceOrdinal() {
    return sequenceOrdinal;
  }

  /** Another plan over the same table, if it reads the same splits with fewer columns. */
  @Override
  public JavaRDD<InternalRow> positions() {
    if (refersToOthers(selected)) {
      return null;
    }
    SparkSession session = pinned.session();
    Dataset<Row> tokens =
        org.apache.spark.sql.classic.Dataset.ofRows(session, pinned.pinned(selected));
    Dataset<Row> narrow = sequenceType == null ? tokens.select("pos") : tokens.select("pos", "seq");
    QueryExecution execution =
        ((org.apache.spark.sql.classic.Dataset<Row>) narrow).queryExecution();
    if (!Stability.isScan(execution.executedPlan())) {
      return null;
    }
    RDD<InternalRow> positions =
        PhysicalRows.of(execution.executedPlan(), session.sessionState().conf());
    return SameRows.are(rows, positions) ? positions.toJavaRDD() : null;
  }

  /** Whether a plan has a meaning within a larger one alone. */
  private static boolean refersToOthers(LogicalPlan plan) {
    return plan instanceof CTERelationRef
        || CollectionConverters.asJava(plan.children()).stream()
            .anyMatch(PlannedTokens::refersToOthers);
  }

  /** Whether vectors are taken from pages of Parquet files, as far as these let themselves. */
  boolean readsPages() {
    return readsPages(plan);
  }

  private static boolean readsPages(SparkPlan plan) {
    return plan instanceof FileSourceScanExec scan
            && scan.relation().fileFormat() instanceof VectorScanFormat
        || CollectionConverters.asJava(plan.children()).stream()
            .anyMatch(PlannedTokens::readsPages);
  }

  @Override
  public boolean isOfFiles() {
    return SameRows.isOfFiles(rows);
  }

  @Override
  public String instability() {
    return Stability.problem(plan, rows);
  }

  @Override
  public JavaRDD<InternalRow> materialized() {
    return KeptRows.of(inRows().queryExecution().toRdd());
  }

  @Override
  public JavaRDD<InternalRow> sorted(long chunk) {
    List<Column> keys = new ArrayList<>();
    if (sequenceType != null) {
      keys.add(col("seq"));
    }
    List<Column> order = new ArrayList<>(keys);
    order.add(col("pos"));
    // Which partition a chunk lands in has no influence on the runs: they end with their chunk.
    keys.add(expr("pos - pmod(pos, " + chunk + "L)"));
    Dataset<Row> sorted =
        inRows()
            .repartition(Math.max(1, rows.getNumPartitions()), keys.toArray(Column[]::new))
            .sortWithinPartitions(order.toArray(Column[]::new));
    RDD<InternalRow> shuffled =
        ((org.apache.spark.sql.classic.Dataset<Row>) sorted).queryExecution().toRdd();
    return instability() == null ? shuffled.toJavaRDD() : KeptRows.of(shuffled);
  }

  private org.apache.spark.sql.classic.Dataset<Row> inRows() {
    return pinned.session().internalCreateDataFrame(rows, schema, false);
  }

  /** Rows that are kept on disk as they were read first, and never made again. */
  private static final class KeptRows {
    static JavaRDD<InternalRow> of(RDD<InternalRow> rows) {
      RDD<InternalRow> copies = rows.toJavaRDD().map(InternalRow::copy).rdd();
      copies.persist(StorageLevel.DISK_ONLY());
      copies.localCheckpoint();
      return new MaterializedRows(copies).toJavaRDD();
    }
  }
}
