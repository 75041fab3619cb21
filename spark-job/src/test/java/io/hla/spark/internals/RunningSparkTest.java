package io.hla.spark.internals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hla.spark.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which Spark a jar that is built for a line takes. */
class RunningSparkTest {

  @Test
  void theSparkOfTheseTestsIsOfTheLineThatTheyAreBuiltFor() {
    assertThat(RunningSpark.version()).startsWith(SparkLine.NAME + ".");
    assertThat(RunningSpark.isOfThisLine()).isTrue();
    assertThatCode(RunningSpark::check).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"4.0, 4.0.1", "4.1, 4.1.0", "4.1, 4.1.3-vendor-7", "4.2, 4.2.0-SNAPSHOT"})
  void everyVersionOfTheLineIsTaken(String line, String version) {
    assertThatCode(() -> RunningSpark.check(line, version)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({
    "4.1, 4.0.1, 4.0",
    "4.1, 4.2.0, 4.2",
    "4.1, 4.10.0, 4.10",
    "4.0, 4.1.0-SNAPSHOT, 4.1",
    "4.1, 5, 5"
  })
  void othersAreRefusedByName(String line, String version, String buildFor) {
    assertThatExceptionOfType(InputException.class)
        .isThrownBy(() -> RunningSpark.check(line, version))
        .withMessageContaining("Spark is " + version)
        .withMessageContaining("built for Spark " + line + ",")
        .withMessageContaining("-Dspark.line=" + buildFor)
        .withMessageContaining("SPARK_HOME")
        .matches(refused -> refused.condition().equals("HLA_SPARK_VERSION"));
  }
}
