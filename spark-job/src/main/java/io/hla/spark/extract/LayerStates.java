package io.hla.spark.extract;

import io.hla.spark.InputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * Where a sequence stands in all layers of a model. Little-endian:
 *
 * <pre>
 *   offset  bytes  content
 *        0      4  magic "HLAM"
 *        4      2  version, 2
 *        6      2  layers
 *              4+  length and text of the model's fingerprint
 *                  for every layer
 *              4+    length and bytes of the attention state, see State.toBytes; 0 for none
 *              4+  length and text of the columns of a token that waits for its score
 *              4+  length and bytes of its row, an unsafe row of Spark; 0 for none
 * </pre>
 *
 * @param model the fingerprint of the model
 * @param layers the bytes of the attention state of each layer, from the first; null where none is
 *     known
 * @param waitingColumns the columns of the waiting token; empty without one
 * @param waiting the row of the hidden vector of a token that waits for the id of the next; or null
 */
@SuppressWarnings("ArrayRecordComponent")
record LayerStates(String model, List<byte[]> layers, String waitingColumns, byte[] waiting) {
  private static final int VERSION = 2;
  private static final int MAGIC = 'H' | 'L' << 8 | 'A' << 16 | 'M' << 24;

  /** No state of any layer. */
  static LayerStates none(String model, int layers) {
    return new LayerStates(model, Collections.nCopies(layers, null), "", null);
  }

  /** The same with the state of a layer, from 0. */
  LayerStates with(int layer, byte[] state) {
    List<byte[]> changed = new ArrayList<>(layers);
    changed.set(layer, state);
    return new LayerStates(model, changed, waitingColumns, waiting);
  }

  /** As {@link #fromBytes} reads them. */
  byte[] toBytes() {
    byte[] name = model.getBytes(StandardCharsets.UTF_8);
    byte[] columns = waitingColumns.getBytes(StandardCharsets.UTF_8);
    long size = 8L + 4 + name.length + 4 + columns.length + 4 + length(waiting);
    for (byte[] state : layers) {
      size += 4L + length(state);
    }
    if (size > Integer.MAX_VALUE - 1024) {
      throw new InputException(
          "HLA_STATE_SIZE",
          "the states of the layers have " + size + " bytes, expected less than 2 GB");
    }
    ByteBuffer out = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(MAGIC).putShort((short) VERSION).putShort((short) layers.size());
    put(out, name);
    layers.forEach(state -> put(out, state));
    put(out, columns);
    put(out, waiting);
    return out.array();
  }

  private static int length(byte[] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  private static void put(ByteBuffer out, byte[] bytes) {
    out.putInt(length(bytes));
    if (bytes != null) {
      out.put(bytes);
    }
  }

  /**
   * Reads what {@link #toBytes} gave. The attention states are not looked at.
   *
   * @throws InputException HLA_STATE_DAMAGED or HLA_STATE_VERSION
   */
  static LayerStates fromBytes(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < 8 || in.getInt() != MAGIC) {
      throw damaged("do not start with \"HLAM\"");
    }
    int version = in.getShort();
    if (version >= 1 && version != VERSION) {
      throw new InputException(
          "HLA_STATE_VERSION",
          "the states of layers have version "
              + version
              + ", this program reads version "
              + VERSION);
    }
    int count = in.getShort();
    if (version < 1 || count < 0) {
      throw damaged("have version " + version + " and " + count + " layers");
    }
    String model = new String(take(in), StandardCharsets.UTF_8);
    List<byte[]> layers = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] state = take(in);
      layers.add(state.length == 0 ? null : state);
    }
    String columns = new String(take(in), StandardCharsets.UTF_8);
    byte[] waiting = take(in);
    if (in.hasRemaining()) {
      throw damaged("are followed by " + in.remaining() + " bytes");
    }
    return new LayerStates(model, layers, columns, waiting.length == 0 ? null : waiting);
  }

  private static byte[] take(ByteBuffer in) {
    int length = need(in, 4).getInt();
    need(in, length);
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static ByteBuffer need(ByteBuffer in, int length) {
    if (length < 0 || length > in.remaining()) {
      throw damaged(
          String.format(
              Locale.ROOT, "name a part of %d bytes where %d are left", length, in.remaining()));
    }
    return in;
  }

  private static InputException damaged(String message) {
    return new InputException("HLA_STATE_DAMAGED", "the states of layers " + message);
  }
}
