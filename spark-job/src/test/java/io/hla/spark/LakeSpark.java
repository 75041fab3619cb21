package io.hla.spark;

import io.hla.spark.internals.SparkLine;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** A Spark whose session catalog is Delta's, with a catalog {@code ice} of Iceberg. */
public final class LakeSpark {
  private LakeSpark() {}

  /** Whether there is none for this line of Spark; the build leaves the jars out then. */
  public static boolean isMissing() {
    return SparkLine.NAME.equals("4.2");
  }

  /** Takes the place of the Spark that is open; {@code folder} is for all tables. */
  public static SparkSession open(Path folder) {
    TestSpark.stop();
    SparkSession spark =
        TestSpark.configured(
            SparkSession.builder()
                .master("local[2]")
                .appName("tests")
                .config("spark.ui.enabled", false)
                .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
                .config(
                    "spark.sql.extensions",
                    "io.delta.sql.DeltaSparkSessionExtension,"
                        + "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions")
                .config(
                    "spark.sql.catalog.spark_catalog",
                    "org.apache.spark.sql.delta.catalog.DeltaCatalog")
                .config("spark.sql.catalog.ice", "org.apache.iceberg.spark.SparkCatalog")
                .config("spark.sql.catalog.ice.type", "hadoop")
                .config("spark.sql.catalog.ice.warehouse", folder.resolve("ice").toString())
                .config("spark.databricks.delta.snapshotPartitions", 1)
                .getOrCreate());
    spark.sql("CREATE NAMESPACE ice.db");
    return spark;
  }
}
