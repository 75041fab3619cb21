package io.hla.spark.runs;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.KernelId;
import io.hla.spark.InputException;
import io.hla.spark.shuffle.BroadcastParts;
import io.hla.spark.table.HeadSizes;
import io.hla.spark.table.TokenRow;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.TreeSet;
import org.apache.datasketches.hll.HllSketch;
import org.apache.datasketches.hll.TgtHllType;
import org.apache.datasketches.hll.Union;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.StorageLevel;

/**
 * Where the runs of a table lie. The runs of every partition stay with the executor that read it;
 * the driver gets some hundred bytes a partition, and the runs themselves only where they are few.
 */
public final class RunIndex {
  private final JavaRDD<byte[]> stored;
  private final List<PartitionIndex> partitions;
  private final boolean onDriver;

  private RunIndex(JavaRDD<byte[]> stored, List<PartitionIndex> partitions, boolean onDriver) {
    this.stored = stored;
    this.partitions = partitions;
    this.onDriver = onDriver;
  }

  /**
   * Runs the index pass.
   *
   * @param pass what {@link IndexTask} gives, by partition
   * @param mostOnDriver the most runs that the driver takes
   * @throws InputException HLA_INPUT_NULL if a row has no position or no sequence
   */
  public static RunIndex of(JavaRDD<byte[]> pass, int mostOnDriver) {
    JavaRDD<byte[]> stored = pass.persist(StorageLevel.MEMORY_AND_DISK());
    int parts = Math.max(1, stored.getNumPartitions());
    // No partition may send more than four times its share, so that the sum is bounded.
    long share = Math.min(mostOnDriver, 4L * mostOnDriver / parts);
    List<PartitionIndex> partitions = new ArrayList<>();
    for (byte[] packed :
        stored.mapPartitions(pieces -> List.of(gather(pieces, share)).iterator()).collect()) {
      partitions.add(PartitionIndex.unpack(packed));
    }
    partitions.sort(Comparator.comparingInt(PartitionIndex::partition));
    long count = 0;
    boolean onDriver = true;
    for (PartitionIndex partition : partitions) {
      if (partition.problem() != null) {
        throw new InputException("HLA_INPUT_NULL", partition.problem());
      }
      count += partition.count();
      onDriver &= partition.isListed() && (partition.count() == 0 || !partition.pieces().isEmpty());
    }
    onDriver &= count <= mostOnDriver;
    if (onDriver) {
      stored.unpersist(false);
    } else {
      partitions.replaceAll(partition -> partition.with(List.of()));
    }
    return new RunIndex(stored, partitions, onDriver);
  }

  /** The figures of one partition, with its pieces if they hold no more runs than a share. */
  private static byte[] gather(Iterator<byte[]> pieces, long share) {
    List<byte[]> few = new ArrayList<>();
    byte[] before = null;
    while (pieces.hasNext()) {
      if (before != null && few != null) {
        few.add(before);
        few = few.size() * (long) RunCutter.PIECE > share + RunCutter.PIECE ? null : few;
      }
      before = pieces.next();
    }
    PartitionIndex figures = PartitionIndex.unpack(before);
    return few == null || figures.count() > share ? before : figures.with(few).pack();
  }

  public int partitions() {
    return partitions.size();
  }

  /** The partitions that hold tokens; the first one where none does. */
  public BitSet occupied() {
    BitSet occupied = new BitSet(partitions.size());
    partitions.stream()
        .filter(partition -> partition.tokens() > 0)
        .forEach(partition -> occupied.set(partition.partition()));
    if (occupied.isEmpty()) {
      occupied.set(0);
    }
    return occupied;
  }

  public long tokens() {
    return partitions.stream().mapToLong(PartitionIndex::tokens).sum();
  }

  /** Runs of the table. */
  public long count() {
    return partitions.stream().mapToLong(PartitionIndex::count).sum();
  }

  /** Whether the pieces hold all runs; else a partition found that sorting costs less. */
  public boolean isListed() {
    return partitions.stream().allMatch(PartitionIndex::isListed);
  }

  /** Whether the runs are few enough to be ordered on the driver. */
  public boolean isOnDriver() {
    return onDriver;
  }

  /** Whether to sort the tokens costs less than to scan so many runs. */
  public boolean sortingCostsLess(AttentionSettings settings, TokenRow layout) {
    double splits;
    if (onDriver) {
      Set<Object> sequences = new HashSet<>();
      runs().forEachRemaining(run -> sequences.add(run.run().sequence()));
      splits = count() - sequences.size();
    } else {
      Union sequences = new Union();
      partitions.forEach(partition -> sequences.update(HllSketch.heapify(partition.sketch())));
      splits = ScatterGauge.splits(count(), sequences.getResult(TgtHllType.HLL_8).getEstimate());
    }
    return splits >= 2.0 * partitions()
        && splits > IndexTask.mostSplitsPerToken(settings, layout) * tokens();
  }

  /**
   * The head sizes that the first row of the table tells, or null for a table without tokens.
   *
   * @throws InputException HLA_INPUT_NULL or HLA_INPUT_WIDTH
   */
  public HeadSizes sizes(TokenRow layout, int numHeads, int numKvHeads) {
    return partitions.stream()
        .filter(partition -> partition.lengths() != null)
        .findFirst()
        .map(partition -> layout.sizes(partition.lengths(), numHeads, numKvHeads))
        .orElse(null);
  }

  /** The best kernels that all machines run which read a partition. */
  public KernelId kernel() {
    return partitions.stream().map(PartitionIndex::kernel).reduce(KernelId::least).orElse(null);
  }

  /** All kernels that machines have which read a partition, in order. */
  public Set<String> kernels() {
    Set<String> names = new TreeSet<>();
    partitions.forEach(partition -> names.add(partition.kernel().toString()));
    return names;
  }

  /** The runs, by partition and the order of first rows, of an index that is on the driver. */
  Iterator<LocatedRun> runs() {
    return partitions.stream()
        .flatMap(partition -> partition.pieces().stream())
        .flatMap(
            piece -> {
              List<LocatedRun> runs = new ArrayList<>();
              PackedRuns.unpack(piece).forEachRemaining(runs::add);
              return runs.stream();
            })
        .iterator();
  }

  /** The packed runs where they lie: an element some thousand runs. */
  JavaRDD<byte[]> pieces(JavaSparkContext context) {
    if (onDriver) {
      return BroadcastParts.of(context, partitions.stream().map(PartitionIndex::pieces).toList());
    }
    return stored.mapPartitions(RunIndex::withoutFigures, true);
  }

  private static Iterator<byte[]> withoutFigures(Iterator<byte[]> pieces) {
    return new Iterator<>() {
      private byte[] next = pieces.hasNext() ? pieces.next() : null;

      @Override
      public boolean hasNext() {
        // The last element is no piece.
        return next != null && pieces.hasNext();
      }

      @Override
      public byte[] next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        byte[] piece = next;
        next = pieces.next();
        return piece;
      }
    };
  }

  /** Lets the executors forget the runs. */
  public void forget() {
    if (!onDriver) {
      stored.unpersist(false);
    }
  }
}
