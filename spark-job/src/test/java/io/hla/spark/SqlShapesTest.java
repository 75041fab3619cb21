package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention wherever a query may have a table. */
@Timeout(300)
class SqlShapesTest {
  @TempDir static Path folder;

  private static SparkSession spark;
  private static Map<Object, double[]> expected;

  @BeforeAll
  static void computeOnce() {
    TestSpark.stop();
    spark =
        TestSpark.configured(
            SparkSession.builder()
                .master("local[2]")
                .appName("tests")
                .config("spark.ui.enabled", false)
                .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
                .getOrCreate());
    SqlShapes.writeTokens(spark, folder);
    expected = new SqlShapes(spark, folder).expected();
  }

  @AfterAll
  static void stop() {
    TestSpark.stop();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void allShapesGiveTheSameBits(boolean adaptive) {
    spark.conf().set("spark.sql.adaptive.enabled", adaptive);
    SqlShapes shapes = new SqlShapes(spark, folder);
    assertThat(expected.values().stream().mapToInt(o -> o.length).sum())
        .isEqualTo(SqlShapes.ROWS * SqlShapes.SETTINGS.outputWidth());
    shapes.all().forEach((name, shape) -> assertSame(name, shapes.given(shape), expected));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void chainedNodesGiveTheBitsOfWrittenTables(boolean adaptive) {
    spark.conf().set("spark.sql.adaptive.enabled", adaptive);
    SqlShapes shapes = new SqlShapes(spark, folder);
    assertSame("chained", shapes.chained(false), shapes.chained(true));
  }

  private static void assertSame(
      String name, Map<Object, double[]> actual, Map<Object, double[]> expected) {
    assertThat(actual).as(name).containsOnlyKeys(expected.keySet());
    actual.forEach((seq, o) -> assertThat(o).as("%s, %s", name, seq).isEqualTo(expected.get(seq)));
  }

  /** Preparation runs on a thread of the pool that its own jobs might need. */
  @Test
  void nothingHangsWithPoolsOfOneThread() throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.startsWith("--add-opens") || option.startsWith("-D"))
        .forEach(command::add);
    command.addAll(
        List.of(
            "-Xmx1g",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            SmallPools.class.getName(),
            folder.toString()));
    Path log = folder.resolve("small-pools.log");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(Redirect.to(log.toFile()))
            .start();
    try {
      boolean ended = process.waitFor(250, TimeUnit.SECONDS);
      assertThat(ended).as("ended, not hung behind %s", Files.readString(log)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(log)).contains("all equal");
    assertThat(process.exitValue()).isZero();
  }
}
