package io.hla.spark.table;

import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Summarizer;
import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.vectorized.ColumnarArray;
import org.apache.spark.unsafe.Platform;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Tokens of one run on their way from rows to a kernel, a multiple of the kernels' block at a time.
 * Every value is checked here once: rows that have another width, nulls or (unless they may
 * propagate) numbers that are not finite are refused with their place.
 */
public final class TokenBuffer {
  private static final int TARGET_VALUES = 1 << 17;

  private final AttentionSettings settings;
  private final TokenRow layout;
  private final boolean refuseNonFinite;
  private final int[] widths;
  private final int capacity;
  private final float[][] floats;
  private final double[][] doubles;
  private final Object[] arrays;
  private final UnsafeProjection keeper;
  private final UnsafeRow[] kept;
  private SequenceKey sequence;
  private long start;
  private int size;

  /**
   * An empty buffer.
   *
   * @param keep whether the kept columns go along
   * @param capacity tokens that it can hold, a multiple of {@link AttentionKernel#BLOCK}
   */
  public TokenBuffer(
      AttentionSettings settings,
      TokenRow layout,
      boolean refuseNonFinite,
      boolean keep,
      int capacity) {
    this.settings = settings;
    this.capacity = capacity;
    keeper = keep && !layout.keptTypes().isEmpty() ? projection(layout) : null;
    kept = new UnsafeRow[keeper == null ? 0 : capacity];
    this.layout = layout;
    this.refuseNonFinite = refuseNonFinite;
    widths =
        new int[] {
          settings.queryWidth(), settings.keyWidth(), settings.valueWidth(), settings.outputWidth()
        };
    boolean isDouble = settings.precision().isDouble();
    floats = isDouble ? null : new float[4][];
    doubles = isDouble ? new double[4][] : null;
    arrays = isDouble ? doubles : floats;
    for (int i = 0; i < 4; i++) {
      int length = Math.multiplyExact(capacity, widths[i]);
      arrays[i] = isDouble ? new double[length] : new float[length];
    }
  }

  private static UnsafeProjection projection(TokenRow layout) {
    List<Expression> columns = new ArrayList<>();
    for (DataType type : layout.keptTypes()) {
      columns.add(new BoundReference(layout.firstKept() + columns.size(), type, true));
    }
    return UnsafeProjection.create(CollectionConverters.asScala(columns).toSeq());
  }

  /** The capacity that a run has use for when it is the only one. */
  public static int fullCapacity(AttentionSettings settings) {
    int widest = Math.max(settings.queryWidth(), settings.outputWidth());
    int blocks = TARGET_VALUES / (AttentionKernel.BLOCK * widest);
    return AttentionKernel.BLOCK * Math.max(1, Math.min(64, blocks));
  }

  /** Tokens that the buffer can hold, a multiple of {@link AttentionKernel#BLOCK}. */
  public int capacity() {
    return capacity;
  }

  /** Tokens in the buffer. */
  public int size() {
    return size;
  }

  /** Whether it has no room for another token. */
  public boolean isFull() {
    return size == capacity;
  }

  /** The position of its first token. */
  public long start() {
    return start;
  }

  /** Empties the buffer for tokens from {@code position} of {@code key} on. */
  public void startAt(SequenceKey key, long position) {
    sequence = key;
    start = position;
    size = 0;
  }

  /** Reads one row, which is the next token. */
  public void read(InternalRow row) {
    for (int i = 0; i < 3; i++) {
      int ordinal = TokenRow.QUERY + i;
      if (copyPacked(row, ordinal)) {
        continue;
      }
      if (row.isNullAt(ordinal)) {
        throw new InputException(
            "HLA_INPUT_NULL",
            String.format("%s is null at %s", layout.names().get(i), place(size)));
      }
      ArrayData array = row.getArray(ordinal);
      // The copy holds the numbers and the null bits in one piece each.
      copy(array instanceof ColumnarArray ? array.copy() : array, i);
    }
    if (keeper != null) {
      kept[size] = keeper.apply(row).copy();
    }
    size++;
  }

  /** Copies an array that lies in memory as it is wanted. */
  private boolean copyPacked(InternalRow row, int ordinal) {
    int column = ordinal - TokenRow.QUERY;
    if (!(row instanceof PackedVectors packed)
        || layout.isDouble().get(column) != (doubles != null)
        || packed.packedWidth(ordinal) != widths[column]) {
      return false;
    }
    packed.copyPacked(ordinal, arrays[column], offset(column, size));
    return true;
  }

  /** Where the row of a token starts in the array of a column, as {@code Platform} counts. */
  private long offset(int column, int token) {
    return doubles != null
        ? Platform.DOUBLE_ARRAY_OFFSET + (long) Double.BYTES * token * widths[column]
        : Platform.FLOAT_ARRAY_OFFSET + (long) Float.BYTES * token * widths[column];
  }

  private void copy(ArrayData array, int column) {
    int width = widths[column];
    if (array.numElements() != width) {
      int heads = column == 0 ? settings.numHeads() : settings.numKvHeads();
      throw new InputException(
          "HLA_INPUT_WIDTH",
          String.format(
              "%s has %d values at %s, expected %d (%d %s x %d)",
              layout.names().get(column),
              array.numElements(),
              place(size),
              width,
              heads,
              column == 0 ? "heads" : "KV heads",
              width / heads));
    }
    int nullAt = firstNull(array, width);
    if (nullAt >= 0) {
      throw new InputException(
          "HLA_INPUT_NULL",
          String.format(
              "%s has a null element [%d] at %s", layout.names().get(column), nullAt, place(size)));
    }
    int at = size * width;
    boolean fromDouble = layout.isDouble().get(column);
    if (array instanceof UnsafeArrayData unsafe && fromDouble == (doubles != null)) {
      long header = UnsafeArrayData.calculateHeaderPortionInBytes(width);
      Platform.copyMemory(
          unsafe.getBaseObject(),
          unsafe.getBaseOffset() + header,
          arrays[column],
          offset(column, size),
          (long) width * (fromDouble ? Double.BYTES : Float.BYTES));
      return;
    }
    for (int i = 0; i < width; i++) {
      double value = fromDouble ? array.getDouble(i) : array.getFloat(i);
      if (doubles != null) {
        doubles[column][at + i] = value;
      } else {
        floats[column][at + i] = (float) value;
      }
    }
  }

  private static int firstNull(ArrayData array, int width) {
    if (array instanceof UnsafeArrayData unsafe) {
      // Eight bytes of null bits at a time: they start behind the element count.
      boolean none = true;
      int words = (width + 63) / 64;
      for (int w = 0; none && w < words; w++) {
        none = Platform.getLong(unsafe.getBaseObject(), unsafe.getBaseOffset() + 8 + 8L * w) == 0;
      }
      if (none) {
        return -1;
      }
    }
    for (int i = 0; i < width; i++) {
      if (array.isNullAt(i)) {
        return i;
      }
    }
    return -1;
  }

  /** Computes the outputs of all tokens in the buffer. */
  public void apply(Applier applier) {
    checkFinite();
    if (doubles != null) {
      applier.apply(doubles[0], doubles[1], doubles[2], doubles[3], 0, size);
    } else {
      applier.apply(floats[0], floats[1], floats[2], floats[3], 0, size);
    }
  }

  /** Adds all tokens in the buffer to a summary. */
  public void addTo(Summarizer summarizer) {
    checkFinite();
    if (doubles != null) {
      summarizer.add(doubles[0], doubles[1], doubles[2], 0, size);
    } else {
      summarizer.add(floats[0], floats[1], floats[2], 0, size);
    }
  }

  /** The output row of token {@code t}, as Spark's writers take it. */
  public UnsafeArrayData output(int t) {
    int width = widths[3];
    return doubles != null
        ? UnsafeArrayData.fromPrimitiveArray(
            doubles[3], Platform.DOUBLE_ARRAY_OFFSET + 8 * t * width, width, 8)
        : UnsafeArrayData.fromPrimitiveArray(
            floats[3], Platform.FLOAT_ARRAY_OFFSET + 4 * t * width, width, 4);
  }

  /** The kept columns of token {@code t}, in their order. */
  public InternalRow kept(int t) {
    return kept[t];
  }

  private void checkFinite() {
    for (int column = 0; refuseNonFinite && column < 3; column++) {
      int length = size * widths[column];
      boolean finite =
          doubles != null
              ? Finite.all(doubles[column], length)
              : Finite.all(floats[column], length);
      if (!finite) {
        refuse(column, length);
      }
    }
  }

  private void refuse(int column, int length) {
    for (int i = 0; i < length; i++) {
      double value = doubles != null ? doubles[column][i] : floats[column][i];
      if (!Double.isFinite(value)) {
        throw new InputException(
            "HLA_INPUT_NONFINITE",
            String.format(
                "%s[%d] is %s at %s, expected a finite %s number%s",
                layout.names().get(column),
                i % widths[column],
                value,
                place(i / widths[column]),
                doubles != null ? "double" : "float",
                doubles == null && layout.isDouble().get(column) && !Double.isNaN(value)
                    ? " (the column holds doubles: precision float64 takes larger ones)"
                    : ""));
      }
    }
  }

  private String place(int t) {
    return String.format("position %d of %s", start + t, sequence);
  }
}
