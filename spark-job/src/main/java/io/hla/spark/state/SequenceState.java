package io.hla.spark.state;

import io.hla.spark.shuffle.Packing;
import io.hla.spark.table.SequenceKey;

/**
 * Where a sequence stands between two jobs.
 *
 * @param sequence its key
 * @param nextPosition the position that its next token has
 * @param state the bytes of the state in front of that token, or null if nothing stands in front
 */
public record SequenceState(SequenceKey sequence, long nextPosition, byte[] state) {

  /** All of it as bytes. */
  public byte[] pack() {
    return Packing.pack(
        out -> {
          sequence.write(out);
          out.writeLong(nextPosition);
          out.writeBoolean(state != null);
          if (state != null) {
            Packing.writeBytes(out, state);
          }
        });
  }

  /** Reads what {@link #pack} gave. */
  public static SequenceState unpack(byte[] packed) {
    return Packing.unpack(
        packed,
        in ->
            new SequenceState(
                SequenceKey.read(in),
                in.readLong(),
                in.readBoolean() ? Packing.readBytes(in) : null));
  }
}
