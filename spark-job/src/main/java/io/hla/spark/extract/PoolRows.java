package io.hla.spark.extract;

import io.hla.spark.table.SequenceKey;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * Rows of tokens to rows of parts of groups: a part is what stands of a group in one piece in one
 * partition.
 */
final class PoolRows implements Iterator<InternalRow> {
  private final Iterator<InternalRow> rows;
  private final PoolLayout layout;
  private final int position;
  private final int score;
  private final PooledGroup group;
  private final GenericInternalRow out;
  private InternalRow row;

  PoolRows(Iterator<InternalRow> rows, PoolLayout layout) {
    this.rows = rows;
    this.layout = layout;
    position = layout.group();
    score = position + (layout.width() > 0 ? 2 : 1);
    group = new PooledGroup(layout.pooling().kind(), layout.width());
    out = new GenericInternalRow(layout.parts().size());
  }

  @Override
  public boolean hasNext() {
    if (row == null && rows.hasNext()) {
      row = rows.next();
    }
    return row != null;
  }

  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    SequenceKey sequence = begin();
    long first = row.getLong(position);
    long at = first;
    do {
      group.add(layout.width() > 0 ? row.getArray(position + 1) : null, 1);
      if (layout.columns().scored()) {
        group.addScore(row, score);
      }
      at++;
      row = rows.hasNext() ? rows.next() : null;
    } while (row != null && goesOn(sequence, first, at));
    int to = layout.group() + 2;
    out.update(to++, group.tokens());
    out.update(to++, group.vector());
    out.update(to++, group.score());
    out.update(to, group.scored());
    return out;
  }

  /** Takes the key and the kept columns of the first row, which is used again. */
  private SequenceKey begin() {
    group.clear();
    SequenceKey sequence = SequenceKey.ONLY;
    if (layout.sequenced()) {
      sequence = SequenceKey.of(row.get(0, layout.hidden().sequenceType()));
      out.update(0, sequence.value());
    }
    out.update(layout.group(), layout.pooling().group(row.getLong(position)));
    out.update(layout.group() + 1, row.getLong(position));
    List<DataType> types = layout.hidden().keptTypes();
    int from = score + (layout.columns().scored() ? 1 : 0);
    for (int i = 0; i < types.size(); i++) {
      Object value = row.isNullAt(from + i) ? null : row.get(from + i, types.get(i));
      out.update(layout.group() + 6 + i, InternalRow.copyValue(value));
    }
    return sequence;
  }

  private boolean goesOn(SequenceKey sequence, long first, long at) {
    return row.getLong(position) == at
        && layout.pooling().group(at) == layout.pooling().group(first)
        && (!layout.sequenced() || sequence.isIn(row, 0, layout.hidden().sequenceType()));
  }
}
