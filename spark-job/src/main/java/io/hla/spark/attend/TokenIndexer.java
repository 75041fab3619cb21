package io.hla.spark.attend;

import io.hla.algebra.AttentionSettings;
import io.hla.spark.ComputeSettings;
import io.hla.spark.Figure;
import io.hla.spark.InputOrder;
import io.hla.spark.passes.JobMetrics;
import io.hla.spark.runs.IndexTask;
import io.hla.spark.runs.RunIndex;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.TokenRow;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/** Finds the runs of a table, and whether its rows are read where they are or sorted first. */
final class TokenIndexer {
  private static final String READING = "reading positions";

  private final AttentionSettings template;
  private final HeadSizes givenSizes;
  private final ComputeSettings compute;
  private final TokenRow layout;
  private final JobMetrics metrics;
  private final Phases phases;
  private final JobFigures figures;

  /**
   * @param template settings for heads of any size
   * @param givenSizes the sizes of the heads, or null when the first row is to tell them
   */
  TokenIndexer(
      AttentionSettings template,
      HeadSizes givenSizes,
      ComputeSettings compute,
      TokenRow layout,
      JobMetrics metrics,
      Phases phases,
      JobFigures figures) {
    this.template = template;
    this.givenSizes = givenSizes;
    this.compute = compute;
    this.layout = layout;
    this.metrics = metrics;
    this.phases = phases;
    this.figures = figures;
  }

  /**
   * The tokens as they are to be read; rows that change are kept, others sorted if they have to.
   */
  IndexedTokens index(TokenSource source) {
    String instability = source.instability();
    if (!isSortedFirst(instability)) {
      JavaRDD<InternalRow> rows = instability == null ? source.rows() : source.materialized();
      JavaRDD<InternalRow> positions = instability == null ? source.positions() : null;
      RunIndex index = index(source, "index", READING, rows, positions, compute);
      if (!sortingCostsLess(index)) {
        if (!index.isListed()) {
          index.forget();
          ComputeSettings listing = compute.withOrder(InputOrder.STORED);
          index = index(source, "index", "reading positions again", rows, positions, listing);
        }
        return new IndexedTokens(rows, index, occupied(source, index), false);
      }
      index.forget();
    }
    long chunk = chunk();
    JavaRDD<InternalRow> rows = source.sorted(chunk);
    ComputeSettings chunked = compute.withOrder(InputOrder.SORT).withCutEvery(chunk);
    String doing = "sorting tokens by sequence and position";
    RunIndex index = index(source, "sort", doing, rows, null, chunked);
    return new IndexedTokens(rows, index, OccupiedPartitions.all(index.partitions()), true);
  }

  /**
   * The same without sorting or keeping anything: of tokens that would be sorted, the index is that
   * of the rows as they are.
   */
  IndexedTokens look(TokenSource source) {
    String instability = source.instability();
    boolean sort = isSortedFirst(instability);
    JavaRDD<InternalRow> positions = instability == null ? source.positions() : null;
    RunIndex index = index(source, "index", READING, source.rows(), positions, compute);
    sort = sort || sortingCostsLess(index);
    if (!sort && !index.isListed()) {
      index.forget();
      ComputeSettings listing = compute.withOrder(InputOrder.STORED);
      index = index(source, "index", "reading positions again", source.rows(), positions, listing);
    }
    return new IndexedTokens(
        source.rows(), index, OccupiedPartitions.all(index.partitions()), sort);
  }

  /** Positions of one sequence between two cuts of sorted tokens. */
  long chunk() {
    return compute.cutEvery() > 0 ? compute.cutEvery() : SortedTokens.CHUNK;
  }

  /** Whether the rows are sorted whatever the index says. */
  private boolean isSortedFirst(String instability) {
    boolean sort = compute.order() == InputOrder.SORT;
    if (instability != null) {
      figures.put(Figure.MATERIALIZED_BECAUSE, instability);
      // Kept rows have to be moved anyway, and sorted ones do not depend on how they were.
      sort |= compute.order() == InputOrder.AUTO;
    }
    return sort;
  }

  private boolean sortingCostsLess(RunIndex index) {
    boolean less =
        compute.order() == InputOrder.AUTO
            && index.tokens() > 0
            && index.sortingCostsLess(sized(sizes(index)), layout);
    if (less) {
      figures.put(Figure.SORTED_BECAUSE, "so many runs cost more to scan than to sort");
    }
    return less;
  }

  /** What is no file is read again where it had no rows: it must have none this time, too. */
  private static OccupiedPartitions occupied(TokenSource source, RunIndex index) {
    return source.isOfFiles() && source.instability() == null
        ? new OccupiedPartitions(index.occupied())
        : OccupiedPartitions.all(index.partitions());
  }

  private RunIndex index(
      TokenSource source,
      String phase,
      String doing,
      JavaRDD<InternalRow> rows,
      JavaRDD<InternalRow> positions,
      ComputeSettings how) {
    IndexTask task =
        new IndexTask(
            layout, source.sequenceOrdinal(), template, givenSizes, how, metrics.positions());
    JavaRDD<byte[]> pass =
        positions == null
            ? rows.mapPartitionsWithIndex(task::runWide, true)
            : PartitionWork.numbered(positions)
                .zipPartitions(
                    rows,
                    (one, first) -> {
                      Tuple2<Integer, Iterator<InternalRow>> part = one.next();
                      return task.run(part._1(), part._2(), first);
                    });
    return phases.run(phase, doing, () -> RunIndex.of(pass, compute.driverRuns()));
  }

  /** The sizes of the heads; null for a table without tokens where none are given. */
  HeadSizes sizes(RunIndex index) {
    return givenSizes != null
        ? givenSizes
        : index.sizes(layout, template.numHeads(), template.numKvHeads());
  }

  AttentionSettings sized(HeadSizes sizes) {
    return template.withSizes(sizes.headDim(), sizes.valueDim());
  }
}
