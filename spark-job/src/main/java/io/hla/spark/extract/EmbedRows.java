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

  /** Null positions and sequences go on as they are: whoever finds the runs refuses them. */
  @Override
  public InternalRow next() {
    InternalRow row = rows.next();
    boolean placed = !row.isNullAt(IdSelection.POSITION);
    out.update(HiddenLayout.POSITION, placed ? row.getLong(IdSelection.POSITION) : null);
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
    String position =
        row.isNullAt(IdSelection.POSITION)
            ? "a null position"
            : "position " + row.getLong(IdSelection.POSITION);
    if (layout.sequenceType() == null) {
      return position;
    }
    return row.isNullAt(IdSelection.SEQUENCE)
        ? position
        : position
            + " of "
            + SequenceKey.view(row.get(IdSelection.SEQUENCE, layout.sequenceType()))
                .text(layout.sequenceType());
  }
}
