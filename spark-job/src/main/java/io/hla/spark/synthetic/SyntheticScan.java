package io.hla.spark.synthetic;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.SupportsPushDownFilters;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.sources.EqualTo;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.sources.GreaterThan;
import org.apache.spark.sql.sources.GreaterThanOrEqual;
import org.apache.spark.sql.sources.LessThan;
import org.apache.spark.sql.sources.LessThanOrEqual;
import org.apache.spark.sql.types.StructType;

/** Makes the columns and the ranges of sequences and positions that a query asks for, no others. */
final class SyntheticScan
    implements ScanBuilder, Scan, Batch, SupportsPushDownFilters, SupportsPushDownRequiredColumns {
  private final SyntheticTokens tokens;
  private final int partitions;
  private ScanRange wanted = ScanRange.ALL;
  private StructType columns;
  private Filter[] used = {};

  SyntheticScan(SyntheticTokens tokens, int partitions) {
    this.tokens = tokens;
    this.partitions = partitions;
    columns = tokens.schema();
  }

  /** Tokens {@code start} to {@code end - 1} of all, in the order of (seq, pos). */
  record Partition(long start, long end) implements InputPartition {}

  private record Readers(SyntheticTokens tokens, ScanRange wanted, List<String> columns)
      implements PartitionReaderFactory {
    @Override
    public PartitionReader<InternalRow> createReader(InputPartition partition) {
      return new SyntheticReader(tokens, wanted, columns, (Partition) partition);
    }
  }

  @Override
  public void pruneColumns(StructType required) {
    columns = required;
  }

  /** Spark filters once more: a range may be wider than what was asked for. */
  @Override
  public Filter[] pushFilters(Filter[] filters) {
    List<Filter> narrowing = new ArrayList<>();
    for (Filter filter : filters) {
      ScanRange narrower = narrow(wanted, filter);
      if (narrower != wanted) {
        narrowing.add(filter);
        wanted = narrower;
      }
    }
    used = narrowing.toArray(Filter[]::new);
    return filters;
  }

  @Override
  public Filter[] pushedFilters() {
    return used.clone();
  }

  private static ScanRange narrow(ScanRange range, Filter filter) {
    if (filter instanceof EqualTo equal && equal.value() instanceof Long value) {
      return range.atLeast(equal.attribute(), value).atMost(equal.attribute(), value);
    }
    if (filter instanceof GreaterThanOrEqual from && from.value() instanceof Long value) {
      return range.atLeast(from.attribute(), value);
    }
    if (filter instanceof GreaterThan from && from.value() instanceof Long value) {
      return value == Long.MAX_VALUE ? range : range.atLeast(from.attribute(), value + 1);
    }
    if (filter instanceof LessThanOrEqual to && to.value() instanceof Long value) {
      return range.atMost(to.attribute(), value);
    }
    if (filter instanceof LessThan to && to.value() instanceof Long value) {
      return value == Long.MIN_VALUE ? range : range.atMost(to.attribute(), value - 1);
    }
    return range;
  }

  @Override
  public Scan build() {
    return this;
  }

  @Override
  public StructType readSchema() {
    return columns;
  }

  @Override
  public String description() {
    return tokens + " " + wanted;
  }

  @Override
  public Batch toBatch() {
    return this;
  }

  /** The partitions of the whole stream, without those in which nothing is wanted. */
  @Override
  public InputPartition[] planInputPartitions() {
    List<Partition> planned = new ArrayList<>();
    for (int p = 0; p < partitions; p++) {
      Partition partition = new Partition(start(p), start(p + 1));
      if (wanted == ScanRange.ALL || tokens.next(partition.start(), wanted) < partition.end()) {
        planned.add(partition);
      }
    }
    return planned.toArray(InputPartition[]::new);
  }

  private long start(int partition) {
    long count = tokens.tokens();
    return partition * (count / partitions) + Math.min(partition, count % partitions);
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    return new Readers(tokens, wanted, List.of(columns.fieldNames()));
  }
}
