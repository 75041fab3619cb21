package io.hla.spark.synthetic;

import io.hla.spark.InputException;
import java.io.Serializable;
import java.util.Locale;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A token table that is computed instead of stored. A number depends on the seed, the sequence, the
 * position, whether it is of q, k, v or a gate, and its column alone: not on the partitioning, the
 * lengths or the other sizes. The same description always gives the same bits.
 *
 * @param tokens tokens of all sequences together, from 0; of equal sequences the first are one
 *     longer when they do not divide evenly
 * @param sequences number of sequences, from 1; their keys are 0, 1, 2 ...
 * @param numHeads query heads H
 * @param numKvHeads key and value heads Hkv, a divisor of H
 * @param headDim d, numbers of a query or key of one head
 * @param valueDim dv, numbers of a value of one head
 * @param distribution what the numbers look like
 * @param seed any number; different seeds give unrelated streams
 * @param gated whether tokens have gates: from 0.9 to 1 (1 with integers), and all 0 at about one
 *     token of 1000, which begins anew
 */
public record SyntheticTokens(
    long tokens,
    long sequences,
    int numHeads,
    int numKvHeads,
    int headDim,
    int valueDim,
    Distribution distribution,
    long seed,
    boolean gated)
    implements Serializable {

  // A counter is position, part (q, k, v or gates) and word: 43, 2 and 18 bits.
  private static final long POSITIONS = 1L << 43;
  private static final int PART_BITS = 2;
  private static final int WORD_BITS = 18;
  private static final int GATES = 3;
  private static final int RESET_MASK = 1023;

  private static final long PARTITION_BYTES = 64 << 20;
  private static final long SMALLEST_PARTITION = 4096;
  private static final int PARTITIONS = 32;

  /** Throws {@link InputException} HLA_HEADS or HLA_OPTION_RANGE, naming the option. */
  public SyntheticTokens {
    check(tokens >= 0, "HLA_OPTION_RANGE", "tokens is %d, expected 0 or more", tokens);
    check(sequences >= 1, "HLA_OPTION_RANGE", "sequences is %d, expected at least 1", sequences);
    check(
        tokens / sequences < POSITIONS,
        "HLA_OPTION_RANGE",
        "tokens is %d, expected fewer than 2^43 in each of %d sequences",
        tokens,
        sequences);
    check(numHeads >= 1, "HLA_HEADS", "num-heads is %d, expected at least 1", numHeads);
    check(
        numKvHeads >= 1 && numHeads % numKvHeads == 0,
        "HLA_HEADS",
        "num-kv-heads is %d, expected a divisor of num-heads %d",
        numKvHeads,
        numHeads);
    width("num-heads x head-dim", numHeads, headDim);
    width("num-kv-heads x value-dim", numKvHeads, valueDim);
  }

  /** Tokens without gates. */
  public SyntheticTokens(
      long tokens,
      long sequences,
      int numHeads,
      int numKvHeads,
      int headDim,
      int valueDim,
      Distribution distribution,
      long seed) {
    this(tokens, sequences, numHeads, numKvHeads, headDim, valueDim, distribution, seed, false);
  }

  /** The same tokens with gates, or without. */
  public SyntheticTokens gated(boolean value) {
    return new SyntheticTokens(
        tokens, sequences, numHeads, numKvHeads, headDim, valueDim, distribution, seed, value);
  }

  /** Numbers in a query row: H d. */
  public int queryWidth() {
    return numHeads * headDim;
  }

  /** Numbers in a key row: Hkv d. */
  public int keyWidth() {
    return numKvHeads * headDim;
  }

  /** Numbers in a value row: Hkv dv. */
  public int valueWidth() {
    return numKvHeads * valueDim;
  }

  /** Tokens of sequence {@code sequence}. */
  public long length(long sequence) {
    return tokens / sequences + (sequence < tokens % sequences ? 1 : 0);
  }

  /**
   * Makes {@code count} tokens of one sequence, packed as kernels take them: the token at {@code
   * position + t} goes to {@code query[t * queryWidth()]} and on, its key and value likewise.
   */
  public void fill(
      long sequence, long position, int count, float[] query, float[] key, float[] value) {
    for (int t = 0; t < count; t++) {
      fill(sequence, position + t, 0, query, t * queryWidth());
      fill(sequence, position + t, 1, key, t * keyWidth());
      fill(sequence, position + t, 2, value, t * valueWidth());
    }
  }

  /** Makes the query (part 0), key (1) or value (2) of one token from {@code to[at]} on. */
  void fill(long sequence, long position, int part, float[] to, int at) {
    int width = part == 0 ? queryWidth() : part == 1 ? keyWidth() : valueWidth();
    distribution.fill(Counter.key(seed, sequence), counter(position, part), to, at, width);
  }

  /** Makes the gates of one token, [H]. */
  public void fillGates(long sequence, long position, double[] to) {
    long key = Counter.key(seed, sequence);
    long counter = counter(position, GATES);
    // The bits of the first word that its gate does not use.
    boolean reset = (Counter.word(key, counter) & RESET_MASK) == 0;
    for (int head = 0; head < numHeads; head++) {
      double share = (Counter.word(key, counter + head) >>> 11) * 0x1p-53;
      to[head] = reset ? 0 : distribution == Distribution.INTEGER ? 1 : 0.9 + 0.1 * share;
    }
  }

  private static long counter(long position, int part) {
    return (position << PART_BITS | part) << WORD_BITS;
  }

  // All tokens are counted in the order of (seq, pos); the first sequences are one longer.

  /** The index of the first token of a sequence. */
  long start(long sequence) {
    return sequence * (tokens / sequences) + Math.min(sequence, tokens % sequences);
  }

  /** The sequence of the token with an index below {@link #tokens()}. */
  long sequenceOf(long index) {
    long length = tokens / sequences;
    long longer = tokens % sequences;
    long ofLonger = longer * (length + 1);
    return index < ofLonger ? index / (length + 1) : longer + (index - ofLonger) / length;
  }

  /** The index of the first token of a range from {@code index} on, or {@link #tokens()}. */
  long next(long index, ScanRange range) {
    if (index >= tokens) {
      return tokens;
    }
    long sequence = Math.max(sequenceOf(index), range.firstSequence());
    if (sequence < sequences && index - start(sequence) > range.lastPosition()) {
      sequence++;
    }
    // No sequence is longer than one in front of it.
    boolean none =
        sequence >= sequences
            || sequence > range.lastSequence()
            || range.firstPosition() > range.lastPosition()
            || length(sequence) <= range.firstPosition();
    return none ? tokens : Math.max(index, start(sequence) + range.firstPosition());
  }

  /**
   * The table in partitions that follow from the sizes alone; see {@link #table(SparkSession,
   * int)}.
   */
  public Dataset<Row> table(SparkSession spark) {
    return table(spark, partitions());
  }

  /**
   * The table: seq bigint, pos bigint (from 0), q, k and v array&lt;float&gt;, g
   * array&lt;double&gt; if there are gates, none nullable. All tokens stand in the order of (seq,
   * pos), cut into partitions whose lengths differ by one at most.
   */
  public Dataset<Row> table(SparkSession spark, int partitions) {
    check(partitions >= 1, "HLA_OPTION_RANGE", "partitions is %d, expected at least 1", partitions);
    return spark
        .read()
        .format(SyntheticSource.NAME)
        .options(SyntheticSource.options(this, partitions))
        .load();
  }

  /** Columns and types of the table. */
  public StructType schema() {
    DataType vector = DataTypes.createArrayType(DataTypes.FloatType, false);
    StructType schema =
        new StructType()
            .add("seq", DataTypes.LongType, false)
            .add("pos", DataTypes.LongType, false)
            .add("q", vector, false)
            .add("k", vector, false)
            .add("v", vector, false);
    return gated
        ? schema.add("g", DataTypes.createArrayType(DataTypes.DoubleType, false), false)
        : schema;
  }

  /** Partitions of about 64 MB, or more and smaller ones while they hold a few thousand tokens. */
  private int partitions() {
    long bytes =
        (long) Float.BYTES * (queryWidth() + keyWidth() + valueWidth())
            + (gated ? (long) Double.BYTES * numHeads : 0);
    long bySize = tokens / Math.max(1, PARTITION_BYTES / bytes);
    long byCount = Math.min(PARTITIONS, tokens / SMALLEST_PARTITION);
    return (int) Math.min(Integer.MAX_VALUE / 2, Math.max(1, Math.max(bySize, byCount)));
  }

  private static void width(String name, int heads, int size) {
    check(
        size >= 1 && (long) heads * size <= 1 << WORD_BITS,
        "HLA_OPTION_RANGE",
        "%s is %d x %d, expected 1 to %d numbers",
        name,
        heads,
        size,
        1 << WORD_BITS);
  }

  private static void check(boolean holds, String condition, String message, Object... values) {
    if (!holds) {
      throw new InputException(condition, String.format(Locale.ROOT, message, values));
    }
  }
}
