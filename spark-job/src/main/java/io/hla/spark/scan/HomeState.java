package io.hla.spark.scan;

import io.hla.spark.shuffle.Packing;

/**
 * The state in front of a node whose runs lie in one partition, on its way there.
 *
 * @param level of the node, 0 for a run
 */
public record HomeState(Node node, int level, byte[] state) {

  byte[] pack() {
    return Packing.pack(
        out -> {
          node.write(out);
          out.writeInt(level);
          Packing.writeBytes(out, state);
        });
  }

  public static HomeState unpack(byte[] packed) {
    return Packing.unpack(
        packed, in -> new HomeState(Node.read(in), in.readInt(), Packing.readBytes(in)));
  }
}
