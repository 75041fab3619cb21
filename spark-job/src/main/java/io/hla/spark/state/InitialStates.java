package io.hla.spark.state;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.spark.InputException;
import io.hla.spark.table.SequenceKey;
import java.io.Serializable;
import java.util.Locale;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;

/**
 * States that sequences go on from, as tasks read them: rows ([seq], next_pos, state).
 *
 * @param sequenceType type of the sequence column, or null when there is none
 */
public record InitialStates(DataType sequenceType) implements Serializable {

  private int next() {
    return sequenceType == null ? 0 : 1;
  }

  /** The settings that the state of a row names, or null for a row without a state. */
  public AttentionSettings settings(InternalRow row) {
    return row.isNullAt(next() + 1) ? null : State.settingsOf(row.getBinary(next() + 1));
  }

  /**
   * The state of a row.
   *
   * @throws InputException if there is none, its bytes are damaged, or it is one of other settings
   */
  public SequenceState read(InternalRow row, AttentionSettings settings) {
    SequenceKey key =
        sequenceType == null
            ? SequenceKey.ONLY
            : row.isNullAt(0) ? null : SequenceKey.of(row.get(0, sequenceType));
    byte[] state = row.isNullAt(next() + 1) ? null : row.getBinary(next() + 1);
    if (key == null || state == null || row.isNullAt(next())) {
      throw new InputException(
          "HLA_STATE_DAMAGED",
          key == null
              ? "the sequence of a state is null"
              : String.format(
                  Locale.ROOT,
                  "%s: the %s is null",
                  key.text(sequenceType),
                  state == null ? "state" : "next position"));
    }
    try {
      State.check(state, settings);
    } catch (StateException e) {
      throw InputException.of(e, key.text(sequenceType));
    }
    return new SequenceState(key, row.getLong(next()), state);
  }
}
