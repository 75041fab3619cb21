package io.hla.spark.scan;

import io.hla.spark.runs.Home;
import io.hla.spark.shuffle.Packing;

/**
 * What a node of a tree carries on its way up.
 *
 * @param home where its state is to go: to a run, or to the runs below it, which lie in one
 *     partition; null for a node whose children are in the level below
 * @param last whether no node of the level follows in its sequence
 * @param first state in front of the sequence, with its first node alone; null for none
 * @param tail the packed end of the sequence, with its last node alone; null elsewhere
 * @param summary its bytes; none when something that it covers has no summary
 */
public record TreeItem(Home home, boolean last, byte[] first, byte[] tail, byte[] summary) {
  private static final int HOME = 1;
  private static final int LAST = 2;
  private static final int FIRST = 4;
  private static final int TAIL = 8;

  public byte[] pack() {
    return Packing.pack(
        out -> {
          out.writeByte(
              (home != null ? HOME : 0)
                  | (last ? LAST : 0)
                  | (first != null ? FIRST : 0)
                  | (tail != null ? TAIL : 0));
          if (home != null) {
            out.writeInt(home.partition());
            out.writeLong(home.ordinal());
          }
          if (first != null) {
            Packing.writeBytes(out, first);
          }
          if (tail != null) {
            Packing.writeBytes(out, tail);
          }
          Packing.writeBytes(out, summary);
        });
  }

  public static TreeItem unpack(byte[] packed) {
    return Packing.unpack(
        packed,
        in -> {
          int flags = in.readByte();
          return new TreeItem(
              (flags & HOME) != 0 ? new Home(in.readInt(), in.readLong()) : null,
              (flags & LAST) != 0,
              (flags & FIRST) != 0 ? Packing.readBytes(in) : null,
              (flags & TAIL) != 0 ? Packing.readBytes(in) : null,
              Packing.readBytes(in));
        });
  }

  /** Whether there is a summary. */
  boolean isPresent() {
    return summary.length > 0;
  }
}
