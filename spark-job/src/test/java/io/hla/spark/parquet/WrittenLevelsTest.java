package io.hla.spark.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WrittenLevelsTest {
  /** Room is kept by these bounds before the levels are known. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void boundsHold(int maxDefinition) throws IOException {
    for (int width = 1; width < 140; width++) {
      for (int rows : new int[] {1, 2, 7, 64, 1001}) {
        assertThat((long) WrittenLevels.uniform(rows, width, maxDefinition).length)
            .as("%d rows of %d", rows, width)
            .isLessThanOrEqualTo(WrittenLevels.bound(rows, width));
      }
    }
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      try (WrittenLevels levels = new WrittenLevels(maxDefinition)) {
        int entries = 1 + random.nextInt(400);
        for (int i = 0; i < entries; i++) {
          levels.add(
              random.nextInt(1 + seed % 20) == 0,
              random.nextInt(1 + seed % 9) == 0
                  ? random.nextInt(maxDefinition + 1)
                  : maxDefinition);
        }
        assertThat((long) levels.toBytes().length)
            .as("seed %d", seed)
            .isLessThanOrEqualTo(WrittenLevels.bound(entries));
      }
    }
  }
}
