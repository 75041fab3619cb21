package io.hla.spark.runs;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.KernelId;
import io.hla.kernels.Kernels;
import io.hla.spark.ComputeSettings;
import io.hla.spark.InputException;
import io.hla.spark.InputOrder;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.PackedVectors;
import io.hla.spark.table.TokenRow;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.types.DataType;

/**
 * The index pass over one partition: reads positions alone, gives packed runs and at the end a
 * {@link PartitionIndex}.
 *
 * @param template the settings of the operator for heads of any size
 * @param sequence where the sequence stands in a row, if there is one
 * @param sizes head sizes, or null: the first row tells
 * @param compute how the job computes
 * @param positionsRead counts rows
 */
public record IndexTask(
    TokenRow layout,
    int sequence,
    AttentionSettings template,
    HeadSizes sizes,
    ComputeSettings compute,
    SQLMetric positionsRead)
    implements Serializable {

  /**
   * Reads positions of their own.
   *
   * @param positions rows (pos, [seq])
   * @param rows the same rows with all columns, of which the first is looked at
   */
  public Iterator<byte[]> run(
      int partition, Iterator<InternalRow> positions, Iterator<InternalRow> rows) {
    boolean look = sizes == null && positions.hasNext() && rows.hasNext();
    return cut(partition, positions, look ? lengths(rows.next()) : null);
  }

  /** Reads the positions of rows with all columns. */
  public Iterator<byte[]> runWide(int partition, Iterator<InternalRow> rows) {
    if (!rows.hasNext()) {
      return cut(partition, rows, null);
    }
    InternalRow first = rows.next();
    return cut(partition, new Positions(first, rows), sizes == null ? lengths(first) : null);
  }

  /** Rows (pos, [seq]) of rows with all columns, of which the first was taken before. */
  private final class Positions implements Iterator<InternalRow> {
    private final Iterator<InternalRow> rows;
    private final GenericInternalRow position = new GenericInternalRow(2);
    private InternalRow first;

    Positions(InternalRow first, Iterator<InternalRow> rows) {
      this.first = first;
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      return first != null || rows.hasNext();
    }

    @Override
    public InternalRow next() {
      InternalRow row = first == null ? rows.next() : first;
      first = null;
      position.update(0, row.isNullAt(TokenRow.POSITION) ? null : row.getLong(TokenRow.POSITION));
      DataType type = layout.sequenceType();
      position.update(1, type == null || row.isNullAt(sequence) ? null : row.get(sequence, type));
      return position;
    }
  }

  private Iterator<byte[]> cut(int partition, Iterator<InternalRow> positions, int[] lengths) {
    AttentionSettings settings = settings(lengths);
    boolean maySort = compute.order() == InputOrder.AUTO;
    ScatterGauge gauge =
        new ScatterGauge(maySort ? mostSplitsPerToken(settings, layout) : Double.POSITIVE_INFINITY);
    RunCutter cutter =
        new RunCutter(
            partition,
            positions,
            layout.sequenceType(),
            compute.cutEvery(),
            () -> compute.mostOpen(settings),
            gauge);
    return new Iterator<>() {
      private boolean ended;

      @Override
      public boolean hasNext() {
        return !ended;
      }

      @Override
      public byte[] next() {
        if (ended) {
          throw new NoSuchElementException();
        }
        if (cutter.hasNext()) {
          return cutter.next();
        }
        ended = true;
        positionsRead.add(cutter.tokens());
        return new PartitionIndex(
                partition,
                cutter.tokens(),
                cutter.count(),
                cutter.isListed(),
                cutter.problem(),
                lengths,
                kernel(),
                gauge.sketch(),
                List.of())
            .pack();
      }
    };
  }

  /** Further runs a token beyond which their summaries are more bytes than a sort moves. */
  static double mostSplitsPerToken(AttentionSettings settings, TokenRow layout) {
    return layout.tokenBytes(settings) / (2.0 * ComputeSettings.summaryBytes(settings));
  }

  private KernelId kernel() {
    AttentionKernel kernel = Kernels.choose(compute.kernels(), compute.instructionSet());
    return KernelId.of(kernel);
  }

  private AttentionSettings settings(int[] lengths) {
    if (sizes != null) {
      return template.withSizes(sizes.headDim(), sizes.valueDim());
    }
    if (lengths == null) {
      return template;
    }
    try {
      HeadSizes found = layout.sizes(lengths, template.numHeads(), template.numKvHeads());
      return template.withSizes(found.headDim(), found.valueDim());
    } catch (InputException refused) {
      // The driver refuses the lengths, if they are those of the first row of all.
      return template;
    }
  }

  private static int[] lengths(InternalRow row) {
    int[] lengths = new int[3];
    for (int i = 0; i < 3; i++) {
      int at = TokenRow.QUERY + i;
      // Nothing is read for what is promised: a row that has another width is refused later.
      int promised = row instanceof PackedVectors packed ? packed.packedWidth(at) : -1;
      lengths[i] = promised;
      if (promised < 0) {
        lengths[i] = row.isNullAt(at) ? -1 : row.getArray(at).numElements();
      }
    }
    return lengths;
  }
}
