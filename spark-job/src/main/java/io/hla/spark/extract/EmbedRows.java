package io.hla.spark.extract;

import io.hla.layers.Activations;
import io.hla.spark.InputException;
import io.hla.spark.table.IdSelection;
import io.hla.spark.table.SequenceKey;
import java.util.Iterator;
import java.util.Locale;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;

/** Rows (pos, id, [seq], kept columns) to rows of hidden vectors: those of the embedding. */
final class EmbedRows implements Iterator<InternalRow> {
  private final Iterator<InternalRow> rows;
  private final DecoderModel model;
  private final HiddenLayout layout;
  private final Activations hidden;
  private final VectorRow out;

  EmbedRows(Iterator<InternalRow> rows, DecoderModel model, HiddenLayout layout) {
    this.rows = rows;
    this.model = model;
    this.layout = layout;
    hidden = new Activations(model.element(), 1, model.hiddenSize());
    out = new VectorRow(layout.columns());
    out.show(HiddenLayout.HIDDEN, hidden);
  }

  @Override
  public boolean hasNext() {
    return rows.hasNext();
  }

  @Override
  public InternalRow next() {
    InternalRow row = rows.next();
    checkPlaced(row);
    out.update(HiddenLayout.POSITION, row.getLong(IdSelection.POSITION));
    int from = IdSelection.SEQUENCE;
    for (int to = HiddenLayout.SEQUENCE; to < layout.columns(); to++, from++) {
      out.update(to, row.isNullAt(from) ? null : row.get(from, type(to)));
    }
    int id = id(row);
    model.embed(id, hidden, 0);
    out.update(HiddenLayout.ID, id);
    return out;
  }

  private DataType type(int ordinal) {
    return ordinal < layout.firstKept()
        ? layout.sequenceType()
        : layout.keptTypes().get(ordinal - layout.firstKept());
  }

  /** The index has looked at them, unless there is none or the input changed. */
  private void checkPlaced(InternalRow row) {
    boolean nameless = layout.sequenceType() != null && row.isNullAt(IdSelection.SEQUENCE);
    if (nameless || row.isNullAt(IdSelection.POSITION)) {
      throw new InputException(
          "HLA_INPUT_NULL",
          nameless
              ? "a row has a null sequence in column " + layout.sequenceName()
              : "a row has a null position in column " + layout.positionName());
    }
  }

  private int id(InternalRow row) {
    int words = model.config().vocabSize();
    if (row.isNullAt(IdSelection.ID)) {
      throw new InputException("HLA_INPUT_NULL", "the token id is null at " + place(row));
    }
    long id = row.getLong(IdSelection.ID);
    if (id < 0 || id >= words) {
      throw new InputException(
          "HLA_INPUT_ID",
          String.format(
              Locale.ROOT,
              "the token id is %d at %s, expected 0 to %d: the model has %d words",
              id,
              place(row),
              words - 1,
              words));
    }
    return (int) id;
  }

  private String place(InternalRow row) {
    SequenceKey sequence =
        layout.sequenceType() == null
            ? SequenceKey.ONLY
            : SequenceKey.view(row.get(IdSelection.SEQUENCE, layout.sequenceType()));
    return String.format(
        Locale.ROOT,
        "position %d of %s",
        row.getLong(IdSelection.POSITION),
        sequence.text(layout.sequenceType()));
  }
}
