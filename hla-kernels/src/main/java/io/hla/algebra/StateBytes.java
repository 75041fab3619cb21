package io.hla.algebra;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.CRC32C;

/**
 * The one byte layout of states and summaries. Little-endian; version 2 is version 1 with the
 * operators and the gates that version 1 does not know, version 3 with decay that a state was not
 * multiplied by ({@link PendingDecay}); each is written for what it is needed for alone:
 *
 * <pre>
 *   offset  bytes  content
 *        0      4  magic "HLAS"
 *        4      2  version, 1 to 3
 *        6      2  kind: 1 state, 2 summary
 *        8      4  n, length of the settings
 *       12      n  settings, see SettingsText
 *     12+n      4  scan step; in a state 0, in version 3 the tokens of the batch in progress
 *     16+n      8  tokens
 *     24+n      8  m, number of values
 *     32+n    8 m  values, IEEE 754 double: of a summary with gates first the product of all decays of
 *                  each head; of version 3 the factor of every matrix of every head, which its values
 *                  are to be multiplied by; then head after head, matrix after matrix in program order,
 *                  row-major; of a symmetric matrix each row from the diagonal on; a matrix of k and v
 *                  alone only at the first query head of its KV head that has this decay
 *   32+n+8m      4  CRC32C of everything before
 * </pre>
 */
record StateBytes(AttentionSettings settings, int step, long tokens, ByteBuffer payload) {
  static final int VERSION = 3;
  private static final int MOST_TOKENS_OF_A_BATCH = 1 << 16;
  private static final int MAGIC = 'H' | 'L' << 8 | 'A' << 16 | 'S' << 24;
  private static final int FIXED = 36;

  /** What the bytes hold. */
  enum Kind {
    STATE(1),
    SUMMARY(2);

    private final int code;

    Kind(int code) {
      this.code = code;
    }
  }

  static byte[] write(
      Kind kind,
      AttentionSettings settings,
      int step,
      long tokens,
      MatrixLayout layout,
      double[] values,
      double[] products) {
    byte[] text = SettingsText.write(settings);
    long count = products.length + layout.packedSize();
    int size = Math.toIntExact(FIXED + text.length + 8L * count);
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.putInt(MAGIC).putShort((short) version(kind, settings, step)).putShort((short) kind.code);
    out.putInt(text.length).put(text);
    out.putInt(step).putLong(tokens).putLong(count);
    DoubleBuffer numbers = out.asDoubleBuffer();
    layout.pack(values, numbers.put(products));
    out.position(size - 4);
    out.putInt(checksum(out.array(), size - 4));
    return out.array();
  }

  private static int version(Kind kind, AttentionSettings settings, int step) {
    if (kind == Kind.STATE && step > 0) {
      return 3;
    }
    return settings.operator().isOfThePaper() && !settings.gated() ? 1 : 2;
  }

  /** Whether bytes begin with the magic and this kind. */
  static boolean begins(Kind kind, byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    return bytes.length >= FIXED && in.getInt(0) == MAGIC && in.getShort(6) == kind.code;
  }

  static StateBytes read(Kind kind, byte[] bytes) {
    if (bytes.length < FIXED) {
      throw damaged("has %d bytes, expected at least %d", bytes.length, FIXED);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (in.getInt() != MAGIC) {
      throw damaged("starts with %s, expected \"HLAS\"", Arrays.toString(Arrays.copyOf(bytes, 4)));
    }
    int version = in.getShort();
    if (version > VERSION) {
      throw new StateException(
          "HLA_STATE_VERSION",
          "the state has version " + version + ", this program reads up to " + VERSION);
    }
    if (version < 1) {
      throw damaged("has version %d, expected 1 to %d", version, VERSION);
    }
    int stored = in.getInt(bytes.length - 4);
    int actual = checksum(bytes, bytes.length - 4);
    if (stored != actual) {
      throw damaged("has checksum %08x, its bytes give %08x", stored, actual);
    }
    int code = in.getShort();
    if (code != kind.code) {
      throw damaged("has kind %d, expected %d (%s)", code, kind.code, kind);
    }
    int length = in.getInt();
    if (length < 0 || length > bytes.length - FIXED) {
      throw damaged("has settings of %d bytes in %d bytes", length, bytes.length);
    }
    byte[] text = new byte[length];
    in.get(text);
    int step = in.getInt();
    boolean isOfBatch = kind == Kind.STATE && version == 3;
    if (kind == Kind.STATE && (isOfBatch ? step < 1 || step > MOST_TOKENS_OF_A_BATCH : step != 0)) {
      throw damaged("of version %d has scan step %d", version, step);
    }
    long tokens = in.getLong();
    long count = in.getLong();
    if (tokens < 0 || count < 0 || count > Integer.MAX_VALUE || count * 8 != in.remaining() - 4) {
      throw damaged("names %d values, has bytes for %d", count, (in.remaining() - 4) / 8);
    }
    ByteBuffer payload = in.slice().order(ByteOrder.LITTLE_ENDIAN);
    payload.limit(payload.limit() - 4);
    return new StateBytes(settings(text), step, tokens, payload);
  }

  /** How many factors of a state stand in front of its matrices. */
  int factors(MatrixLayout layout) {
    return step == 0 ? 0 : layout.heads() * layout.count();
  }

  /** What a state lacks, from its factors. */
  PendingDecay pendingDecay(double[] factors) {
    for (double factor : factors) {
      if (!(factor > 0 && factor <= 1)) {
        throw damaged("has a factor of %s, expected (0, 1]", factor);
      }
    }
    return step == 0 ? PendingDecay.NONE : new PendingDecay(step, factors);
  }

  /** The matrices in a layout that fits the settings, and the products in front of them. */
  double[] values(MatrixLayout layout, double[] products) {
    checkSize(layout, products.length);
    DoubleBuffer numbers = payload.asDoubleBuffer();
    return layout.unpack(numbers.get(products));
  }

  /** The layout of a state of these settings; refuses those that no state can have. */
  MatrixLayout layout() {
    try {
      return Algebra.of(settings).stateLayout();
    } catch (SettingsException e) {
      throw damaged("has settings of no state: %s", e.getMessage());
    }
  }

  /** Refuses more or fewer values than the layout has. */
  void checkSize(MatrixLayout layout, int products) {
    long needed = products + layout.packedSize();
    if (payload.remaining() != 8 * needed) {
      throw damaged("has %d values, its settings need %d", payload.remaining() / 8, needed);
    }
  }

  private static AttentionSettings settings(byte[] text) {
    try {
      return SettingsText.read(text);
    } catch (RuntimeException e) {
      throw damaged(
          "has settings that cannot be read (%s): %s",
          e.getMessage(), new String(text, StandardCharsets.UTF_8));
    }
  }

  private static int checksum(byte[] bytes, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, length);
    return (int) crc.getValue();
  }

  private static StateException damaged(String message, Object... values) {
    return new StateException(
        "HLA_STATE_DAMAGED", "the state " + String.format(Locale.ROOT, message, values));
  }
}
