package io.hla.spark.runs;

import io.hla.kernels.KernelId;
import io.hla.spark.shuffle.Packing;
import java.util.ArrayList;
import java.util.List;

/**
 * What the index pass found in one partition.
 *
 * @param tokens rows
 * @param count runs
 * @param isListed whether the pieces of the partition hold all runs
 * @param problem what is wrong with a row, or null
 * @param lengths of q, k and v in the first row, -1 for null ones; null where nobody looked
 * @param kernel the best kernels of the machine that read it
 * @param sketch of the sequences, for a {@link ScatterGauge}
 * @param pieces packed runs, when they are few
 */
record PartitionIndex(
    int partition,
    long tokens,
    long count,
    boolean isListed,
    String problem,
    int[] lengths,
    KernelId kernel,
    byte[] sketch,
    List<byte[]> pieces) {

  /** With the pieces of the partition. */
  PartitionIndex with(List<byte[]> packed) {
    return new PartitionIndex(
        partition, tokens, count, isListed, problem, lengths, kernel, sketch, packed);
  }

  byte[] pack() {
    return Packing.pack(
        out -> {
          out.writeInt(partition);
          out.writeLong(tokens);
          out.writeLong(count);
          out.writeBoolean(isListed);
          out.writeBoolean(problem != null);
          if (problem != null) {
            out.writeUTF(problem);
          }
          out.writeBoolean(lengths != null);
          for (int i = 0; lengths != null && i < 3; i++) {
            out.writeInt(lengths[i]);
          }
          out.writeUTF(kernel.name());
          out.writeUTF(kernel.instructionSet());
          out.writeUTF(kernel.architecture());
          Packing.writeBytes(out, sketch);
          out.writeInt(pieces.size());
          for (byte[] piece : pieces) {
            Packing.writeBytes(out, piece);
          }
        });
  }

  static PartitionIndex unpack(byte[] packed) {
    return Packing.unpack(
        packed,
        in -> {
          int partition = in.readInt();
          long tokens = in.readLong();
          long count = in.readLong();
          boolean isListed = in.readBoolean();
          String problem = in.readBoolean() ? in.readUTF() : null;
          int[] lengths = in.readBoolean() ? new int[3] : null;
          for (int i = 0; lengths != null && i < 3; i++) {
            lengths[i] = in.readInt();
          }
          KernelId kernel = new KernelId(in.readUTF(), in.readUTF(), in.readUTF());
          byte[] sketch = Packing.readBytes(in);
          List<byte[]> pieces = new ArrayList<>();
          for (int i = in.readInt(); i > 0; i--) {
            pieces.add(Packing.readBytes(in));
          }
          return new PartitionIndex(
              partition, tokens, count, isListed, problem, lengths, kernel, sketch, pieces);
        });
  }
}
