package io.hla.spark.output;

import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTableType;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import org.apache.spark.sql.connector.catalog.CatalogV2Util;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.SupportsNamespaces;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.connector.catalog.V1Table;
import org.apache.spark.sql.internal.SessionState;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.Tuple2;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * A table by its name in a catalog, as Spark finds it: that of the session unless the name starts
 * with another one.
 *
 * @param label what messages call it
 * @param catalog where it is, or would be
 * @param identifier its name there
 * @param table the table, or null if there is none
 */
record NamedTable(
    SparkSession spark, String label, TableCatalog catalog, Identifier identifier, Table table) {
  private static final String SESSION_CATALOG = "spark_catalog";

  /**
   * Finds a table.
   *
   * @throws InputException HLA_OUTPUT_TABLE if there can be no such table
   */
  static NamedTable of(SparkSession spark, String label, String name) {
    NamedTable nameless = new NamedTable(spark, label, null, null, null);
    SessionState session = ((org.apache.spark.sql.classic.SparkSession) spark).sessionState();
    try {
      Seq<String> parts = session.sqlParser().parseMultipartIdentifier(name);
      Option<Tuple2<CatalogPlugin, Identifier>> found =
          session.analyzer().CatalogAndIdentifier().unapply(parts);
      if (found.isEmpty() || !(found.get()._1() instanceof TableCatalog catalog)) {
        throw nameless.refusal("no catalog has a table of that name", null);
      }
      Identifier identifier = found.get()._2();
      Table table = null;
      try {
        table = catalog.loadTable(identifier);
      } catch (NoSuchTableException e) {
        checkNamespace(nameless, catalog, identifier);
      }
      return new NamedTable(spark, label, catalog, identifier, table);
    } catch (InputException e) {
      throw e;
    } catch (Exception e) {
      throw nameless.refusal(e);
    }
  }

  private static void checkNamespace(
      NamedTable nameless, TableCatalog catalog, Identifier identifier) {
    if (catalog instanceof SupportsNamespaces namespaces
        && identifier.namespace().length > 0
        && !namespaces.namespaceExists(identifier.namespace())) {
      throw nameless.refusal(
          String.format(
              Locale.ROOT,
              "catalog %s has no namespace %s",
              catalog.name(),
              String.join(".", identifier.namespace())),
          null);
    }
  }

  /** The name with its catalog, as SQL has it. */
  String sql() {
    List<String> parts = new ArrayList<>(List.of(catalog.name()));
    parts.addAll(List.of(identifier.namespace()));
    parts.add(identifier.name());
    return parts.stream()
        .map(part -> "`" + part.replace("`", "``") + "`")
        .collect(Collectors.joining("."));
  }

  boolean isInSessionCatalog() {
    return catalog.name().equals(SESSION_CATALOG);
  }

  /** What Spark's own catalog says of it; null for a table of another kind, or none. */
  CatalogTable session() {
    return table instanceof V1Table v1 ? v1.catalogTable() : null;
  }

  boolean isView() {
    return session() != null && session().tableType().equals(CatalogTableType.VIEW());
  }

  /** The format of a table that exists, as far as its catalog says. */
  String provider() {
    return table == null ? null : table.properties().get(TableCatalog.PROP_PROVIDER);
  }

  /** Where a table of the session catalog is or will be; null for a view. */
  String location() {
    CatalogTable session = session();
    if (session == null) {
      Option<String> database = Option.apply(identifier.namespace()[0]);
      return ((org.apache.spark.sql.classic.SparkSession) spark)
          .sessionState()
          .catalog()
          .defaultTablePath(new TableIdentifier(identifier.name(), database))
          .toString();
    }
    return isView() ? null : session.location().toString();
  }

  /** The columns of a table that exists. */
  StructType columns() {
    return CatalogV2Util.v2ColumnsToStructType(table.columns());
  }

  /** Columns whose values are partitions. */
  List<String> partitionColumns() {
    return session() == null
        ? List.of()
        : List.copyOf(CollectionConverters.asJava(session().partitionColumnNames()));
  }

  InputException refusal(Exception e) {
    return refusal(String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
  }

  InputException refusal(String reason, Exception cause) {
    return new InputException("HLA_OUTPUT_TABLE", label + ": " + reason, cause);
  }
}
