package io.hla.spark.runs;

import io.hla.spark.shuffle.Packing;
import io.hla.spark.table.SequenceKey;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** Some consecutive runs of one partition as bytes: a sequence once for all runs in a row. */
final class PackedRuns {
  private PackedRuns() {}

  static byte[] pack(int partition, long firstOrdinal, List<Run> runs) {
    return Packing.pack(
        out -> {
          out.writeInt(partition);
          out.writeLong(firstOrdinal);
          out.writeInt(runs.size());
          SequenceKey before = null;
          for (Run run : runs) {
            boolean same = run.sequence().equals(before);
            out.writeBoolean(same);
            if (!same) {
              run.sequence().write(out);
              before = run.sequence();
            }
            writeNumber(out, run.start());
            writeNumber(out, run.length());
          }
        });
  }

  static int count(byte[] packed) {
    return Packing.unpack(
        packed,
        in -> {
          in.readInt();
          in.readLong();
          return in.readInt();
        });
  }

  /** The runs with their ordinals. */
  static Iterator<LocatedRun> unpack(byte[] packed) {
    return new Unpacking(packed);
  }

  // Seven bits a byte, lowest first; the sign is folded into the lowest bit.
  private static void writeNumber(DataOutputStream out, long number) throws IOException {
    long rest = number << 1 ^ number >> 63;
    while ((rest & ~0x7fL) != 0) {
      out.writeByte((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.writeByte((int) rest);
  }

  private static long readNumber(DataInputStream in) throws IOException {
    long folded = 0;
    for (int shift = 0; ; shift += 7) {
      int next = in.readByte();
      folded |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return folded >>> 1 ^ -(folded & 1);
      }
    }
  }

  private static final class Unpacking implements Iterator<LocatedRun> {
    private final DataInputStream in;
    private final int partition;
    private final int count;
    private long ordinal;
    private int done;
    private SequenceKey sequence;

    Unpacking(byte[] packed) {
      in = new DataInputStream(new ByteArrayInputStream(packed));
      try {
        partition = in.readInt();
        ordinal = in.readLong();
        count = in.readInt();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public boolean hasNext() {
      return done < count;
    }

    @Override
    public LocatedRun next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      try {
        if (!in.readBoolean()) {
          sequence = SequenceKey.read(in);
        }
        Run run = new Run(partition, sequence, readNumber(in), readNumber(in));
        done++;
        return new LocatedRun(run, ordinal++);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
