package io.hla.spark.passes;

import io.hla.spark.shuffle.Packing;
import io.hla.spark.table.SequenceKey;

/**
 * What came of computing one run again from the state in front of it.
 *
 * @param sequence its sequence
 * @param start its first position
 * @param end the position behind its last
 * @param tokens whose outputs were compared
 * @param worst the largest share of what rounding allows that an output is off by; at most 1 if all
 *     are right, NaN if one is no number
 * @param worstPosition where that is
 * @param unbounded outputs of which nothing can be said, as their denominators cancel
 * @param problem what is wrong with the order of the outputs, or null
 * @param behind the state behind the run as it was computed again
 * @param allowed how far a state may be from it, as a state
 */
public record RunProof(
    SequenceKey sequence,
    long start,
    long end,
    long tokens,
    double worst,
    long worstPosition,
    long unbounded,
    String problem,
    byte[] behind,
    byte[] allowed) {

  /** All of it as bytes. */
  public byte[] pack() {
    return Packing.pack(
        out -> {
          sequence.write(out);
          out.writeLong(start);
          out.writeLong(end);
          out.writeLong(tokens);
          out.writeDouble(worst);
          out.writeLong(worstPosition);
          out.writeLong(unbounded);
          out.writeUTF(problem == null ? "" : problem);
          Packing.writeBytes(out, behind);
          Packing.writeBytes(out, allowed);
        });
  }

  /** Reads what {@link #pack} gave. */
  public static RunProof unpack(byte[] packed) {
    return Packing.unpack(
        packed,
        in -> {
          SequenceKey sequence = SequenceKey.read(in);
          long start = in.readLong();
          long end = in.readLong();
          long tokens = in.readLong();
          double worst = in.readDouble();
          long worstPosition = in.readLong();
          long unbounded = in.readLong();
          String problem = in.readUTF();
          return new RunProof(
              sequence,
              start,
              end,
              tokens,
              worst,
              worstPosition,
              unbounded,
              problem.isEmpty() ? null : problem,
              Packing.readBytes(in),
              Packing.readBytes(in));
        });
  }
}
