package io.hla.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenStream;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands that open Spark themselves, as on a cluster with settings of its own. */
class SessionsTest {
  private static final Map<String, String> CLUSTER =
      Map.of(
          "spark.master", "local[2]",
          "spark.ui.enabled", "false",
          "spark.serializer", "org.apache.spark.serializer.KryoSerializer",
          "spark.sql.files.openCostInBytes", "3MB");

  @TempDir Path folder;

  @AfterEach
  void forget() {
    TestSpark.stop();
    CLUSTER.keySet().forEach(System::clearProperty);
  }

  @Test
  void jobsRunOnAClusterWithSettingsOfItsOwn() {
    TestSpark.stop();
    CLUSTER.forEach(System::setProperty);
    AttentionSettings settings =
        AttentionSettings.builder(2, 2).precision(Precision.FLOAT64).build();
    TokenStream stream = TokenStream.integers(settings, 6, 51);
    JsonTokens.write(folder.resolve("in/a.json"), JsonTokens.lines(stream.slice(0, 3), "s", 0));
    JsonTokens.write(folder.resolve("in/b.json"), JsonTokens.lines(stream.slice(3, 6), "s", 3));
    CommandRun.withoutSpark(
            "attend",
            "--input=" + folder + "/in",
            "--input-format=json",
            "--precision=float64",
            "--output-type=double",
            "--final-state=" + folder + "/state",
            "--output=" + folder + "/out")
        .done();
    SparkSession spark = SparkSession.getDefaultSession().get();
    assertThat(TestJob.bySequence(spark.read().parquet(folder + "/out")).get("s"))
        .isEqualTo(stream.outputs());
    assertThat(spark.conf().get("spark.sql.files.openCostInBytes")).isEqualTo("3MB");
    assertThat(spark.conf().get("spark.sql.adaptive.enabled")).isEqualTo("true");
  }
}
