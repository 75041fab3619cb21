package io.hla.spark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsTest {
  @TempDir Path folder;

  @Test
  void readsEveryDtype() throws IOException {
    ByteBuffer data = ByteBuffer.allocate(8 + 4 + 14 + 6).order(ByteOrder.LITTLE_ENDIAN);
    data.putDouble(Math.PI).putFloat(-1.5f);
    // One, the smallest and the largest subnormal, the largest number, and what is not finite.
    short[] halves = {
      0x3C00, 0x0001, (short) 0x83FF, 0x7BFF, (short) 0xFC00, 0x7E00, (short) 0x8000
    };
    for (short half : halves) {
      data.putShort(half);
    }
    data.putShort((short) 0x3F80).putShort((short) 0xC049).putShort((short) 0x0001);
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + String.join(
                ",",
                ModelFile.tensor("half", "F16", "[7]", 12, 26),
                ModelFile.tensor("double", "F64", "[]", 0, 8),
                ModelFile.tensor("float", "F32", "[1,1]", 8, 12),
                ModelFile.tensor("brain", "BF16", "[3]", 26, 32))
            + "}  ";
    Path file = ModelFile.write(folder.resolve("m"), header, data.array());
    assertThat(read(file, "double")).containsExactly(Math.PI);
    assertThat(read(file, "float")).containsExactly(-1.5);
    assertThat(read(file, "half"))
        .containsExactly(
            1, 0x1p-24, -1023 * 0x1p-24, 65504, Double.NEGATIVE_INFINITY, Double.NaN, -0.0);
    assertThat(read(file, "brain")).containsExactly(1, -3.140625, 0x1p-133);
  }

  @Test
  void readsAPartOfALargeTensor() throws IOException {
    int count = 700_000; // 2.8 MB take three reads.
    ByteBuffer data = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      data.putFloat(i);
    }
    String header = "{" + ModelFile.tensor("t", "F32", "[7,100000]", 0, 4L * count) + "}";
    Path file = ModelFile.write(folder.resolve("m"), header, data.array());
    double[] to = new double[count - 3];
    try (Safetensors model = Safetensors.open(new Configuration(), file.toString())) {
      model.read(model.tensors().get("t"), 3, to, 0, to.length);
      assertThatThrownBy(() -> model.read(model.tensors().get("t"), 4, to, 0, to.length))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
    for (int i = 0; i < to.length; i++) {
      assertThat(to[i]).isEqualTo(i + 3);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a F32 [2] 0 8, b F32 [1] 4 8   | begins tensor b at byte 4, expected 8",
        "a F32 [1] 0 4, b F32 [1] 8 12  | begins tensor b at byte 8, expected 4",
        "a F32 [2] 0 8, b F32 [2] 8 16  | tensor b bytes 8 to 16, expected a range within its 12",
        "a F32 [2] 0 12                 | tensor a 12 bytes, expected the size of F32 [2]",
        "a F32 [4294967296,4294967296] 0 12 | tensor a 12 bytes, expected the size of F32",
        "a F32 [1] 0 4                  | has 12 bytes of data, expected the 4 of its header",
        "a F32 [-3] 0 12                | the size or offset -3, expected an integer from 0",
        "a F32 [1.5] 0 12               | the size or offset 1.5, expected an integer from 0",
        "a F32 3 0 12                   | gives tensor a a shape that is no list",
        "a I8 [12] 0 13                 | tensor a bytes 0 to 13, expected a range within its 12",
        "a F32 [3] 0 12, a F32 [0] 12 12 | Duplicate field 'a'"
      })
  void refusesRangesThatDoNotFit(String tensors, String message) throws IOException {
    StringBuilder header = new StringBuilder("{");
    for (String tensor : tensors.split(", ")) {
      String[] part = tensor.trim().split(" ");
      header
          .append(header.length() > 1 ? "," : "")
          .append(
              ModelFile.tensor(
                  part[0], part[1], part[2], Long.parseLong(part[3]), Long.parseLong(part[4])));
    }
    Path file = ModelFile.write(folder.resolve("m"), header + "}", new byte[12]);
    damaged(file, message);
  }

  @Test
  void refusesHeadersThatAreNone() throws IOException {
    Path file = folder.resolve("m");
    damaged(Files.write(file, new byte[5]), "is 5 bytes long, expected at least 8");
    byte[] header = "{}".getBytes();
    for (long length : new long[] {0, 3, -1, Long.MAX_VALUE}) {
      Files.write(file, ModelFile.bytes(length, header, new byte[0]));
      damaged(file, "gives its header " + length + " bytes, expected 1 to 2 in a file of 10 bytes");
    }
    damaged(ModelFile.write(file, "{\"a\":", new byte[0]), "header that is not JSON");
    damaged(ModelFile.write(file, "[1]", new byte[0]), "header that is not a JSON object");
    damaged(ModelFile.write(file, "{\"a\":7}", new byte[0]), "describes tensor a by 7");
  }

  @Test
  void refusesDtypesThatAreNotRead() throws IOException {
    String header = "{" + ModelFile.tensor("ids", "I64", "[1]", 0, 8) + "}";
    Path file = ModelFile.write(folder.resolve("m"), header, new byte[8]);
    assertThatThrownBy(() -> read(file, "ids"))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_MODEL_TENSOR"))
        .hasMessageContaining("holds ids as I64, expected one of [F64, F32, F16, BF16]");
  }

  private static void damaged(Path file, String message) {
    assertThatThrownBy(() -> Safetensors.open(new Configuration(), file.toString()))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_MODEL_DAMAGED"))
        .hasMessageContaining(message);
  }

  private static double[] read(Path file, String tensor) {
    try (Safetensors model = Safetensors.open(new Configuration(), file.toString())) {
      Safetensors.Tensor found = model.tensors().get(tensor);
      double[] values = new double[Math.toIntExact(found.count())];
      model.read(found, 0, values, 0, values.length);
      return values;
    }
  }
}
