package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files whose footer is sound and whose pages are not. */
class DamagedInputTest {
  @TempDir Path folder;

  @Test
  void theFileIsNamedAndNothingWritten() throws IOException {
    CommandRun.of(
            ("generate --tokens 2000 --head-dim 16 --partitions 1 --output " + folder + "/in")
                .split(" "))
        .done();
    Path file;
    try (Stream<Path> files = Files.list(folder.resolve("in"))) {
      file = files.filter(path -> path.toString().endsWith(".parquet")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 64, (byte) 0xff);
    Files.write(file, bytes);
    CommandRun run =
        CommandRun.of("attend", "--input", folder + "/in", "--output", folder + "/out");
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err())
        .contains("[HLA_INPUT_UNREADABLE]", file.getFileName().toString())
        .doesNotContain("The job failed");
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
