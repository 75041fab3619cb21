package io.hla.spark.parquet;

import java.io.Closeable;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.parquet.schema.Type;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.execution.datasources.PartitionedFile;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.util.SerializableConfiguration;
import scala.Function1;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/**
 * Reads splits of Parquet files in batches whose vectors come from raw pages, where the footer
 * promises lists of one width; other files are left to Spark.
 */
final class VectorReadFunction extends AbstractFunction1<PartitionedFile, Iterator<InternalRow>>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial")
  private final Function1<PartitionedFile, Iterator<InternalRow>> all;

  @SuppressWarnings("serial")
  private final Function1<PartitionedFile, Iterator<InternalRow>> scalars;

  private final ArrayList<Vector> vectors;
  private final int[] sources;
  private final boolean caseSensitive;
  private final Broadcast<SerializableConfiguration> configuration;
  private final ReadCounts counts;

  /** A column of lists of numbers. */
  record Vector(String name, DataType element) implements Serializable {}

  /**
   * @param all Spark's function for all columns
   * @param scalars Spark's function for the columns that are not vectors
   * @param sources for every column of a batch, its place among the vectors, or -1 - its place
   *     among the scalars
   */
  VectorReadFunction(
      Function1<PartitionedFile, Iterator<InternalRow>> all,
      Function1<PartitionedFile, Iterator<InternalRow>> scalars,
      List<Vector> vectors,
      int[] sources,
      boolean caseSensitive,
      Broadcast<SerializableConfiguration> configuration,
      ReadCounts counts) {
    this.all = all;
    this.scalars = scalars;
    this.vectors = new ArrayList<>(vectors);
    this.sources = sources;
    this.caseSensitive = caseSensitive;
    this.configuration = configuration;
    this.counts = counts;
  }

  @Override
  public Iterator<InternalRow> apply(PartitionedFile split) {
    // Spark's reader first: what is wrong with a file is said in Spark's words.
    Iterator<InternalRow> narrow = scalars.apply(split);
    try {
      VectorBatches batches = open(split, narrow);
      if (batches != null) {
        return rows(batches);
      }
    } catch (IOException e) {
      close(narrow);
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      close(narrow);
      throw e;
    }
    close(narrow);
    counts.fallbacks().add(1);
    return all.apply(split);
  }

  /** Null if the footer promises something else; a split without row groups has no batches. */
  private VectorBatches open(PartitionedFile split, Iterator<InternalRow> narrow)
      throws IOException {
    VectorFile file = VectorFile.of(split, configuration.value().value());
    List<VectorColumn> columns = file == null ? null : columns(file);
    return columns == null
        ? null
        : new VectorBatches(split, file, columns, sources, narrow, all, counts);
  }

  private List<VectorColumn> columns(VectorFile file) {
    List<VectorColumn> columns = new ArrayList<>();
    for (Vector vector : vectors) {
      List<String> names = names(file, vector.name()::equals);
      if (names.isEmpty() && !caseSensitive) {
        names = names(file, vector.name()::equalsIgnoreCase);
      }
      VectorColumn column =
          names.size() == 1 ? VectorColumn.of(file, names.get(0), vector.element()) : null;
      if (column == null) {
        return null;
      }
      columns.add(column);
    }
    return columns;
  }

  private static List<String> names(VectorFile file, Predicate<String> wanted) {
    return file.schema().getFields().stream().map(Type::getName).filter(wanted).toList();
  }

  private static void close(Iterator<?> iterator) {
    if (iterator instanceof Closeable open) {
      try {
        open.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  // Spark takes batches for rows.
  @SuppressWarnings("unchecked")
  private static Iterator<InternalRow> rows(Iterator<?> batches) {
    return (Iterator<InternalRow>) batches;
  }
}
