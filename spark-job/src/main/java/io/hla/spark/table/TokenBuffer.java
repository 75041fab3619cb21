package io.hla.spark.table;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Applier;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Element;
import io.hla.kernels.Summarizer;
import io.hla.kernels.TokenRows;
import io.hla.kernels.TokenRows.Part;
import io.hla.spark.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
 * Every value is checked here once: rows that have another width, nulls, numbers that are no gates
 * or (unless they may propagate) not finite are refused with their place; so are outputs that are
 * not finite.
 */
public final class TokenBuffer implements AutoCloseable {
  private static final int TARGET_VALUES = 1 << 15;
  private static final Part[] INPUTS = {Part.QUERY, Part.KEY, Part.VALUE, Part.GATE};

  private final AttentionSettings settings;
  private final TokenRow layout;
  private final boolean refuseNonFinite;
  private final TokenRows rows;
  private final UnsafeArrayData output;
  private final UnsafeProjection keeper;
  private final UnsafeRow[] kept;
  private SequenceKey sequence;
  private long start;
  private int size;

  /**
   * An empty buffer.
   *
   * @param kernel whose sessions the tokens are for
   * @param keep whether the kept columns go along
   * @param capacity tokens that it can hold, a multiple of {@link AttentionKernel#BLOCK}
   */
  public TokenBuffer(
      AttentionKernel kernel,
      AttentionSettings settings,
      TokenRow layout,
      boolean refuseNonFinite,
      boolean keep,
      int capacity) {
    this.settings = settings;
    this.layout = layout;
    this.refuseNonFinite = refuseNonFinite;
    keeper = keep && !layout.keptTypes().isEmpty() ? projection(layout) : null;
    kept = new UnsafeRow[keeper == null ? 0 : capacity];
    rows = kernel.rows(settings, capacity, layout.input(settings), layout.output());
    int width = settings.outputWidth();
    output =
        layout.output() == Element.DOUBLE
            ? UnsafeArrayData.fromPrimitiveArray(new double[width])
            : UnsafeArrayData.fromPrimitiveArray(new float[width]);
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

  /** Bytes of q, k, v, gates and o in a buffer of {@link #fullCapacity}. */
  public static long fullBytes(AttentionSettings settings, TokenRow layout) {
    long inputs = (long) settings.queryWidth() + settings.keyWidth() + settings.valueWidth();
    long token =
        inputs * layout.input(settings).bytes()
            + (long) settings.gateWidth() * Double.BYTES
            + (long) settings.outputWidth() * layout.output().bytes();
    return fullCapacity(settings) * token;
  }

  /** Tokens that the buffer can hold, a multiple of {@link AttentionKernel#BLOCK}. */
  public int capacity() {
    return rows.capacity();
  }

  /** Tokens in the buffer. */
  public int size() {
    return size;
  }

  /** Whether it has no room for another token. */
  public boolean isFull() {
    return size == rows.capacity();
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
    for (int column = 0; column < layout.names().size(); column++) {
      int ordinal = layout.ordinal(column);
      if (copyPacked(row, column)) {
        continue;
      }
      if (row.isNullAt(ordinal)) {
        throw new InputException(
            "HLA_INPUT_NULL",
            String.format(
                Locale.ROOT, "%s is null at %s", layout.names().get(column), place(size)));
      }
      ArrayData array = row.getArray(ordinal);
      // The copy holds the numbers and the null bits in one piece each.
      copy(array instanceof ColumnarArray ? array.copy() : array, column);
    }
    readGates();
    if (keeper != null) {
      kept[size] = keeper.apply(row).copy();
    }
    size++;
  }

  /** Copies an array that lies in memory as it is wanted. */
  private boolean copyPacked(InternalRow row, int column) {
    int ordinal = layout.ordinal(column);
    Part part = INPUTS[column];
    return row instanceof PackedVectors packed
        && layout.isDouble().get(column) == isDouble(part)
        && packed.packedWidth(ordinal) == rows.width(part)
        && packed.copyPacked(ordinal, rows.array(part), offset(part, size));
  }

  /** Turns what stands in the gate column into gates. */
  private void readGates() {
    Object base = rows.array(Part.GATE);
    for (int i = 0; i < rows.width(Part.GATE); i++) {
      long at = offset(Part.GATE, size) + (long) Double.BYTES * i;
      double number = Platform.getDouble(base, at);
      double gate = layout.gateScale().gate(number);
      if (Double.isNaN(gate)) {
        throw new InputException(
            "HLA_INPUT_GATE",
            String.format(
                Locale.ROOT,
                "%s[%d] is %s at %s, expected %s",
                layout.names().get(INPUTS.length - 1),
                i,
                number,
                place(size),
                layout.gateScale().expected()));
      }
      Platform.putDouble(base, at, gate);
    }
  }

  /** Where the row of a token starts: an address, or in its array as {@code Platform} counts. */
  private long offset(Part part, int token) {
    long start = rows.address(part);
    if (rows.array(part) != null) {
      start = isDouble(part) ? Platform.DOUBLE_ARRAY_OFFSET : Platform.FLOAT_ARRAY_OFFSET;
    }
    return start + (long) token * rowBytes(part);
  }

  private long rowBytes(Part part) {
    return (long) rows.width(part) * rows.element(part).bytes();
  }

  private boolean isDouble(Part part) {
    return rows.element(part) == Element.DOUBLE;
  }

  private void copy(ArrayData array, int column) {
    Part part = INPUTS[column];
    int width = rows.width(part);
    if (array.numElements() != width) {
      throw new InputException(
          "HLA_INPUT_WIDTH",
          String.format(
              Locale.ROOT,
              "%s has %d values at %s, expected %d (%s)",
              layout.names().get(column),
              array.numElements(),
              place(size),
              width,
              heads(part)));
    }
    int nullAt = firstNull(array, width);
    if (nullAt >= 0) {
      throw new InputException(
          "HLA_INPUT_NULL",
          String.format(
              Locale.ROOT,
              "%s has a null element [%d] at %s",
              layout.names().get(column),
              nullAt,
              place(size)));
    }
    boolean fromDouble = layout.isDouble().get(column);
    if (array instanceof UnsafeArrayData unsafe && fromDouble == isDouble(part)) {
      Platform.copyMemory(
          unsafe.getBaseObject(),
          unsafe.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(width),
          rows.array(part),
          offset(part, size),
          rowBytes(part));
      return;
    }
    Object base = rows.array(part);
    long at = offset(part, size);
    for (int i = 0; i < width; i++) {
      double number = fromDouble ? array.getDouble(i) : array.getFloat(i);
      if (isDouble(part)) {
        Platform.putDouble(base, at + (long) Double.BYTES * i, number);
      } else {
        Platform.putFloat(base, at + (long) Float.BYTES * i, (float) number);
      }
    }
  }

  /** How the numbers of a row are made up. */
  private String heads(Part part) {
    return switch (part) {
      case GATE -> settings.numHeads() + " heads";
      case QUERY, OUTPUT ->
          String.format(
              Locale.ROOT,
              "%d heads x %d",
              settings.numHeads(),
              rows.width(part) / settings.numHeads());
      case KEY, VALUE ->
          String.format(
              Locale.ROOT,
              "%d KV heads x %d",
              settings.numKvHeads(),
              rows.width(part) / settings.numKvHeads());
    };
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
    applier.apply(rows, size);
    if (refuseNonFinite && !rows.isFinite(Part.OUTPUT, size)) {
      throw Overflow.ofOutput(rows, layout, size, applier.state(), this::place);
    }
  }

  /** Adds all tokens in the buffer to a summary. */
  public void addTo(Summarizer summarizer) {
    checkFinite();
    summarizer.add(rows, size);
  }

  /** The output row of token {@code t}, as Spark's writers take it; valid until the next one. */
  public UnsafeArrayData output(int t) {
    int width = rows.width(Part.OUTPUT);
    Platform.copyMemory(
        rows.array(Part.OUTPUT),
        offset(Part.OUTPUT, t),
        output.getBaseObject(),
        output.getBaseOffset() + UnsafeArrayData.calculateHeaderPortionInBytes(width),
        rowBytes(Part.OUTPUT));
    return output;
  }

  /** The kept columns of token {@code t}, in their order. */
  public InternalRow kept(int t) {
    return kept[t];
  }

  private void checkFinite() {
    // Gates are checked as they are read.
    for (int column = 0; refuseNonFinite && INPUTS[column] != Part.GATE; column++) {
      if (!rows.isFinite(INPUTS[column], size)) {
        refuse(column);
      }
    }
  }

  private void refuse(int column) {
    int width = rows.width(INPUTS[column]);
    boolean isDouble = isDouble(INPUTS[column]);
    for (int i = 0; i < size * width; i++) {
      double value = rows.get(INPUTS[column], i);
      if (!Double.isFinite(value)) {
        throw new InputException(
            "HLA_INPUT_NONFINITE",
            String.format(
                Locale.ROOT,
                "%s[%d] is %s at %s, expected a finite %s number%s",
                layout.names().get(column),
                i % width,
                value,
                place(i / width),
                isDouble ? "double" : "float",
                !isDouble && layout.isDouble().get(column) && !Double.isNaN(value)
                    ? " (the column holds doubles: precision float64 takes larger ones)"
                    : ""));
      }
    }
  }

  /** Frees the room of the tokens. */
  @Override
  public void close() {
    rows.close();
  }

  private String place(int t) {
    return String.format(
        Locale.ROOT, "position %d of %s", start + t, sequence.text(layout.sequenceType()));
  }
}
