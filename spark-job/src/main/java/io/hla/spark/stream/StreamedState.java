package io.hla.spark.stream;

import io.hla.spark.InputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * Where a sequence stands between two micro-batches, as the state store keeps it. Little-endian:
 *
 * <pre>
 *   offset  bytes  content
 *        0      4  magic "HLAQ"
 *        4      2  version, 2
 *        6      8  next position
 *       14      4  n, length of the state; 0 for none
 *       18      n  of an attention see State.toBytes, of a model LayerStates.toBytes
 *              4+  length and text of the columns of held rows, as SQL writes them
 *                4  held rows
 *                   length (4) and bytes of each, an unsafe row of Spark
 *                4  CRC32C of everything before
 * </pre>
 *
 * @param nextPosition of the token that goes on
 * @param state the bytes of the state in front of that token; null where no token was seen
 * @param heldColumns the columns of held rows; empty if there are none
 * @param held rows that wait for positions in front of them, in the order of their positions
 */
public record StreamedState(
    long nextPosition, byte[] state, String heldColumns, List<byte[]> held) {
  static final int VERSION = 2;
  private static final int MAGIC = 'H' | 'L' << 8 | 'A' << 16 | 'Q' << 24;
  private static final int FIXED = 30;

  /** A sequence without tokens. */
  public static StreamedState startingAt(long position) {
    return behind(position, null);
  }

  /** A sequence that goes on from a state. */
  public static StreamedState behind(long nextPosition, byte[] state) {
    return new StreamedState(nextPosition, state, "", List.of());
  }

  /** The same with other rows that wait. */
  StreamedState holding(String columns, List<byte[]> rows) {
    return new StreamedState(nextPosition, state, rows.isEmpty() ? "" : columns, rows);
  }

  byte[] toBytes() {
    byte[] columns = heldColumns.getBytes(StandardCharsets.UTF_8);
    int stateLength = state == null ? 0 : state.length;
    long size = FIXED + (long) stateLength + columns.length;
    for (byte[] row : held) {
      size += 4L + row.length;
    }
    ByteBuffer out = ByteBuffer.allocate(size(size)).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(MAGIC).putShort((short) VERSION);
    out.putLong(nextPosition);
    out.putInt(stateLength);
    if (state != null) {
      out.put(state);
    }
    put(out, columns);
    out.putInt(held.size());
    held.forEach(row -> put(out, row));
    return out.putInt(checksum(out.array(), out.position())).array();
  }

  private static int size(long size) {
    if (size > Integer.MAX_VALUE - 16) {
      throw new InputException(
          "HLA_STATE_SIZE",
          "a sequence with the rows it holds back has " + size + " bytes, expected less than 2 GB");
    }
    return (int) size;
  }

  private static void put(ByteBuffer out, byte[] bytes) {
    out.putInt(bytes.length).put(bytes);
  }

  /**
   * Reads what {@link #toBytes} gave. The state in it is not looked at.
   *
   * @throws InputException HLA_STATE_DAMAGED or HLA_STATE_VERSION
   */
  public static StreamedState fromBytes(byte[] bytes) {
    if (bytes.length < FIXED) {
      throw damaged("has %d bytes, expected at least %d", bytes.length, FIXED);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (in.getInt() != MAGIC) {
      throw damaged("does not start with \"HLAQ\"");
    }
    int version = in.getShort();
    if (version >= 1 && version != VERSION) {
      throw new InputException(
          "HLA_STATE_VERSION",
          "the streamed state has version " + version + ", this program reads version " + VERSION);
    }
    int stored = in.getInt(bytes.length - 4);
    int actual = checksum(bytes, bytes.length - 4);
    if (version < 1 || stored != actual) {
      throw damaged(
          "has version %d and checksum %08x, its bytes give %08x", version, stored, actual);
    }
    in.limit(bytes.length - 4);
    long next = in.getLong();
    byte[] state = take(in);
    String columns = new String(take(in), StandardCharsets.UTF_8);
    int count = in.getInt();
    List<byte[]> held = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      held.add(take(in));
    }
    return new StreamedState(next, state.length == 0 ? null : state, columns, held);
  }

  private static byte[] take(ByteBuffer in) {
    int length = in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw damaged("names a part of %d bytes where %d are left", length, in.remaining());
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return bytes;
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  private static InputException damaged(String message, Object... values) {
    return new InputException(
        "HLA_STATE_DAMAGED", "the streamed state " + String.format(Locale.ROOT, message, values));
  }
}
