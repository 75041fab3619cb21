package io.hla.spark.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StreamedStateTest {
  private static final byte[] BYTES =
      new StreamedState(
              -7,
              new byte[] {1, 2, 3},
              "pos BIGINT",
              List.of(new byte[] {6}, new byte[0], new byte[] {7, 8}))
          .toBytes();

  @Test
  void readsWhatItWrites() {
    StreamedState read = StreamedState.fromBytes(BYTES);
    assertThat(read.nextPosition()).isEqualTo(-7);
    assertThat(read.state()).containsExactly(1, 2, 3);
    assertThat(read.heldColumns()).isEqualTo("pos BIGINT");
    assertThat(read.held())
        .usingElementComparator(Arrays::compare)
        .containsExactly(new byte[] {6}, new byte[0], new byte[] {7, 8});
    assertThat(read.toBytes()).isEqualTo(BYTES);
    StreamedState empty = StreamedState.fromBytes(StreamedState.startingAt(12).toBytes());
    assertThat(empty.state()).isNull();
    assertThat(empty.nextPosition()).isEqualTo(12);
    assertThat(empty.held()).isEmpty();
  }

  /** The bytes of version 2 do not change: states lie in checkpoints for years. */
  @Test
  void bytesOfVersionTwoStay() {
    assertThat(BYTES)
        .startsWith('H', 'L', 'A', 'Q', 2, 0, -7, -1, -1, -1, -1, -1, -1, -1, 3, 0, 0, 0, 1, 2, 3)
        .hasSize(58);
    CRC32C crc = new CRC32C();
    crc.update(BYTES, 0, 54);
    assertThat(ByteBuffer.wrap(BYTES).order(ByteOrder.LITTLE_ENDIAN).getInt(54))
        .isEqualTo((int) crc.getValue());
  }

  @Test
  void everyDamagedByteIsNoticed() {
    for (int i = 0; i < BYTES.length; i++) {
      byte[] damaged = BYTES.clone();
      damaged[i] ^= 4;
      assertThatThrownBy(() -> StreamedState.fromBytes(damaged))
          .as("byte %d", i)
          .isInstanceOfSatisfying(
              InputException.class,
              e -> assertThat(e.condition()).isIn("HLA_STATE_DAMAGED", "HLA_STATE_VERSION"));
      byte[] cut = Arrays.copyOf(BYTES, i);
      assertThatThrownBy(() -> StreamedState.fromBytes(cut)).isInstanceOf(InputException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(bytes = {1, 3, 127})
  void otherVersionsAreRefused(byte version) {
    byte[] other = BYTES.clone();
    other[4] = version;
    assertThatThrownBy(() -> StreamedState.fromBytes(other))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_STATE_VERSION"))
        .hasMessage("the streamed state has version %d, this program reads version 2", version);
  }
}
