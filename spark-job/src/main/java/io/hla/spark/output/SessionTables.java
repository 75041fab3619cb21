package io.hla.spark.output;

import io.hla.spark.output.Journal.SessionEntry;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.connector.expressions.Expressions;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** What the session catalog is told of tables whose files are published. */
record SessionTables(SparkSession spark) {

  /** Makes an empty table where there is none. */
  // Deprecated in Spark 4.2 for one that Spark 4.0 has not.
  @SuppressWarnings("deprecation")
  void create(SessionEntry entry) {
    NamedTable named = NamedTable.of(spark, entry.name(), entry.name());
    if (named.table() != null) {
      return;
    }
    Map<String, String> properties = new HashMap<>();
    properties.put(TableCatalog.PROP_PROVIDER, entry.format());
    Transform[] partitions =
        entry.partitionBy().stream().map(Expressions::identity).toArray(Transform[]::new);
    Column[] columns =
        Arrays.stream(ordered(entry).fields()).map(SessionTables::column).toArray(Column[]::new);
    try {
      named.catalog().createTable(named.identifier(), columns, partitions, properties);
    } catch (Exception e) {
      throw named.refusal(e);
    }
  }

  private static Column column(StructField field) {
    return Column.create(
        field.name(),
        field.dataType(),
        field.nullable(),
        field.getComment().getOrElse(() -> null),
        field.metadata().json());
  }

  /** The columns of a table, those of its partitions last, as the catalog wants them. */
  private static StructType ordered(SessionEntry entry) {
    StructType schema = (StructType) StructType.fromJson(entry.schema());
    StructType ordered = new StructType();
    for (StructField field : schema.fields()) {
      ordered = entry.partitionBy().contains(field.name()) ? ordered : ordered.add(field);
    }
    for (String column : entry.partitionBy()) {
      ordered = ordered.add(schema.apply(column));
    }
    return ordered;
  }

  /** Makes the catalog see the files and partitions that are there. */
  void refresh(SessionEntry entry) {
    String name = NamedTable.of(spark, entry.name(), entry.name()).sql();
    if (!entry.partitionBy().isEmpty()) {
      spark.sql("MSCK REPAIR TABLE " + name + " SYNC PARTITIONS");
    }
    spark.catalog().refreshTable(name);
  }
}
