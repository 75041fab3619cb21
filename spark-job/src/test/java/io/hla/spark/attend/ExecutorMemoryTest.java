package io.hla.spark.attend;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;

/** Memory outside the heap, against what containers give. */
class ExecutorMemoryTest {
  private static final long MB = 1L << 20;

  private final SparkConf conf = new SparkConf(false);

  @Test
  void containersHaveTheOverheadThatSparkGivesThem() {
    conf.set("spark.executor.memory", "1g");
    assertThat(ExecutorMemory.of(conf, "yarn")).isEqualTo(new ExecutorMemory(1, 384 * MB));
    conf.set("spark.executor.memory", "20g").set("spark.executor.cores", "8");
    assertThat(ExecutorMemory.of(conf, "k8s://host:443"))
        .isEqualTo(new ExecutorMemory(8, 2048 * MB));
    conf.set("spark.executor.memoryOverhead", "3g").set("spark.task.cpus", "2");
    assertThat(ExecutorMemory.of(conf, "yarn")).isEqualTo(new ExecutorMemory(4, 3072 * MB));
  }

  @Test
  void othersHaveNoLimit() {
    conf.set("spark.executor.cores", "4");
    assertThat(ExecutorMemory.of(conf, "spark://host:7077")).isEqualTo(new ExecutorMemory(4, null));
    assertThat(ExecutorMemory.of(conf, "local[2]").overheadBytes()).isNull();
    assertThat(new ExecutorMemory(64, null).problem(1L << 40)).isEmpty();
  }

  @Test
  void tooLittleIsSaidWithTheWayOut() {
    assertThat(new ExecutorMemory(2, 384 * MB).problem(64 * MB)).isEmpty();
    assertThat(new ExecutorMemory(8, 384 * MB).problem(64 * MB))
        .hasValueSatisfying(
            warning ->
                assertThat(warning)
                    .contains("512 MB outside the heap", "8 at once", "has 384 MB")
                    .contains("spark.executor.memoryOverhead=768m"));
  }
}
