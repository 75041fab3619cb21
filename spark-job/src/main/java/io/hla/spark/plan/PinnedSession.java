package io.hla.spark.plan;

import io.hla.spark.parquet.ReadCounts;
import io.hla.spark.parquet.VectorScanFormat;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import org.apache.spark.sql.execution.datasources.parquet.ParquetFileFormat;
import org.apache.spark.sql.internal.SQLConf;
import scala.PartialFunction;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractPartialFunction;

/**
 * A copy of a session with the settings that results rest on, where the user did not choose others.
 * File splits must follow from the files alone, never from the number of cores: runs, and so the
 * last bits, follow from splits.
 */
public final class PinnedSession {
  private static final String PINNED = "spark.hla.pinned";

  private static final Map<String, String> UNLESS_GIVEN =
      Map.of(
          "spark.sql.files.minPartitionNum", "32",
          "spark.sql.files.maxPartitionBytes", "128MB",
          "spark.sql.files.openCostInBytes", "1MB",
          // Rows are wide: the default of 4096 would hold many megabytes a column.
          "spark.sql.parquet.columnarReaderBatchSize", "256",
          "spark.sql.orc.columnarReaderBatchSize", "256",
          // A task that ran twice and wrote other shuffle data than before must not go unseen.
          "spark.sql.shuffle.orderIndependentChecksum.enabled", "true",
          "spark.sql.shuffle.orderIndependentChecksum.enableFullRetryOnMismatch", "true");

  private final SparkSession session;
  private final ReadCounts reads;

  private PinnedSession(SparkSession session) {
    this.session = session;
    this.reads = ReadCounts.of(session.sparkContext());
  }

  public static PinnedSession of(SparkSession session) {
    SparkSession clone = session.cloneSession();
    SQLConf given = session.sessionState().conf();
    UNLESS_GIVEN.forEach(
        (key, value) -> {
          if (!given.contains(key)) {
            clone.sessionState().conf().setConfString(key, value);
          }
        });
    // What is planned here is a sort alone, in a chosen number of partitions.
    clone.sessionState().conf().setConfString("spark.sql.adaptive.enabled", "false");
    return new PinnedSession(clone);
  }

  public SparkSession session() {
    return session;
  }

  /** How vectors were read from the files of all plans. */
  public ReadCounts reads() {
    return reads;
  }

  /** A plan whose file scans split their files by these settings, and read vectors from pages. */
  public LogicalPlan pinned(LogicalPlan plan) {
    return plan.transformUp(pin);
  }

  private final PartialFunction<LogicalPlan, LogicalPlan> pin =
      new AbstractPartialFunction<>() {
        @Override
        public boolean isDefinedAt(LogicalPlan node) {
          return node instanceof LogicalRelation relation
              && relation.relation() instanceof HadoopFsRelation files
              && !files.options().contains(PINNED);
        }

        @Override
        public LogicalPlan apply(LogicalPlan node) {
          LogicalRelation relation = (LogicalRelation) node;
          HadoopFsRelation files = (HadoopFsRelation) relation.relation();
          LogicalRelation pinned =
              relation.copy(
                  new HadoopFsRelation(
                      files.location(),
                      files.partitionSchema(),
                      files.dataSchema(),
                      files.bucketSpec(),
                      // Formats made from Spark's own know more about their files.
                      files.fileFormat().getClass() == ParquetFileFormat.class
                          ? new VectorScanFormat(reads)
                          : files.fileFormat(),
                      // Plans that differ in their session alone are equal, and none would be
                      // replaced.
                      marked(files.options()),
                      session),
                  relation.output(),
                  relation.catalogTable(),
                  relation.isStreaming(),
                  relation.stream());
          pinned.copyTagsFrom(relation);
          return pinned;
        }
      };

  private static scala.collection.immutable.Map<String, String> marked(
      scala.collection.immutable.Map<String, String> options) {
    Map<String, String> all = new HashMap<>(CollectionConverters.asJava(options));
    all.put(PINNED, "true");
    return scala.collection.immutable.Map.from(CollectionConverters.asScala(all));
  }
}
