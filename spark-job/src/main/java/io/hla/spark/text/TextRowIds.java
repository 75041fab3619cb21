package io.hla.spark.text;

import io.hla.spark.InputException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;

/**
 * Rows of texts to rows of ids, within one task. Every row is a sequence; without a name it has a
 * number: that of the partition times 2^33, plus that of the row in the partition. A row of ids is
 * valid until the next one is asked for.
 */
class TextRowIds implements Iterator<InternalRow> {
  static final int ROW_BITS = 33;

  private final Iterator<InternalRow> rows;
  private final RowTexts texts;
  private final TextSource source;
  private final IdRow ids;
  private long number;
  private long position;
  private long tokens;
  private int[] batch = {};
  private int next;
  private boolean open;

  TextRowIds(Iterator<InternalRow> rows, RowTexts texts, int partition) {
    this.rows = rows;
    this.texts = texts;
    this.source = texts.source();
    this.ids = texts.rows();
    this.number = (long) partition << ROW_BITS;
  }

  /** Position of the first token of a row; {@code position} is the one behind the row before. */
  long begin(InternalRow row, long position) {
    return 0;
  }

  /** Called behind the last row, with the number of all tokens. */
  void end(long tokens) {}

  @Override
  public final boolean hasNext() {
    while (next == batch.length) {
      int[] more = open ? source.next() : null;
      open = more != null;
      if (open) {
        batch = more;
        next = 0;
        tokens += more.length;
      } else if (rows.hasNext()) {
        begin(rows.next());
      } else {
        end(tokens);
        return false;
      }
    }
    return true;
  }

  @Override
  public final UnsafeRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return ids.of(position++, batch[next++]);
  }

  private void begin(InternalRow row) {
    long current = number++;
    if (!texts.hasSequence()) {
      ids.begin(row, current);
    } else if (row.isNullAt(RowTexts.SEQUENCE)) {
      throw new InputException(
          "HLA_INPUT_NULL", "a row has a null sequence in column " + texts.sequenceName());
    } else {
      ids.begin(row);
    }
    source.open(row, () -> texts.place(row, current));
    position = begin(row, position);
    open = true;
  }
}
