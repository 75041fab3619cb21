package io.hla.spark.extract;

import io.hla.spark.table.SequenceKey;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * Parts of groups, sorted by sequence, group and first position, to a row a group: [seq], pos of
 * its first token, tokens, the vector if there is one, the mean log probability if there are
 * scores, the kept columns of its first token.
 */
final class PooledRows implements Iterator<InternalRow> {
  private final Iterator<InternalRow> parts;
  private final PoolLayout layout;
  private final int at;
  private final PooledGroup group;
  private final VectorWriter writer;
  private final GenericInternalRow out;
  private InternalRow part;

  PooledRows(Iterator<InternalRow> parts, PoolLayout layout) {
    this.parts = parts;
    this.layout = layout;
    at = layout.group();
    group = new PooledGroup(layout.pooling().kind(), layout.width());
    writer =
        layout.width() == 0
            ? null
            : new VectorWriter(layout.columns().dtype(), layout.columns().l2(), layout.width());
    out = new GenericInternalRow(layout.columns().count(layout.hidden()) + 1);
  }

  @Override
  public boolean hasNext() {
    if (part == null && parts.hasNext()) {
      part = parts.next();
    }
    return part != null;
  }

  @Override
  public InternalRow next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    group.clear();
    SequenceKey sequence = SequenceKey.ONLY;
    if (layout.sequenced()) {
      sequence = SequenceKey.of(part.get(0, layout.hidden().sequenceType()));
      out.update(0, sequence.value());
    }
    long number = part.getLong(at);
    out.update(at, part.getLong(at + 1));
    int to = at + 2 + (writer == null ? 0 : 1) + (layout.columns().scored() ? 1 : 0);
    for (int i = 0; i < layout.hidden().keptTypes().size(); i++) {
      DataType type = layout.hidden().keptTypes().get(i);
      Object value = part.isNullAt(at + 6 + i) ? null : part.get(at + 6 + i, type);
      out.update(to + i, InternalRow.copyValue(value));
    }
    do {
      group.add(part.getArray(at + 3), part.getLong(at + 2));
      group.addScore(part.getDouble(at + 4), part.getLong(at + 5));
      part = parts.hasNext() ? parts.next() : null;
    } while (part != null
        && part.getLong(at) == number
        && (!layout.sequenced() || sequence.isIn(part, 0, layout.hidden().sequenceType())));
    to = at + 1;
    out.update(to++, group.tokens());
    if (writer != null) {
      out.update(to++, writer.write(group.pooled()));
    }
    if (layout.columns().scored()) {
      out.update(to, group.meanScore());
    }
    return out;
  }
}
