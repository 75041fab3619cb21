package io.hla.spark.attend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.hla.spark.Attention;
import io.hla.spark.InputException;
import io.hla.spark.InputOrder;
import io.hla.spark.TestSpark;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * On a Spark that tries failed tasks four times, what the input is refused for is not tried again.
 */
class RefusalsTest {
  private static SparkSession spark;

  /** What tasks failed with, as Spark tells its listeners. */
  private static final class Failures extends SparkListener {
    private final Queue<String> classes = new ConcurrentLinkedQueue<>();

    @Override
    public void onTaskEnd(SparkListenerTaskEnd task) {
      if (task.reason() instanceof ExceptionFailure failure) {
        classes.add(failure.className());
      }
    }
  }

  @BeforeAll
  static void open() {
    TestSpark.stop();
    spark =
        TestSpark.configured(
            SparkSession.builder()
                .master("local[2,4]")
                .appName("tests")
                .config("spark.ui.enabled", false)
                .getOrCreate());
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  /** A sequence of three runs; the middle one has a number that is none. */
  private static Dataset<Row> tokens(String value) {
    return spark
        .range(0, 30, 1, 3)
        .selectExpr("id as pos", "array(1f) as q", "array(1f) as k", "array(" + value + ") as v");
  }

  /** The same; a task that is tried again waits in front of its first row until it is killed. */
  private static Dataset<Row> triedOnce(Dataset<Row> tokens) {
    JavaRDD<Row> rows =
        tokens
            .toJavaRDD()
            .map(
                row -> {
                  TaskContext task = TaskContext.get();
                  while (task.attemptNumber() > 0 && !task.isInterrupted()) {
                    Thread.onSpinWait();
                  }
                  return row;
                });
    return spark.createDataFrame(rows, tokens.schema());
  }

  private static List<String> failures(Runnable work) {
    Failures failures = new Failures();
    spark.sparkContext().addSparkListener(failures);
    try {
      work.run();
      spark.sparkContext().listenerBus().waitUntilEmpty();
    } catch (java.util.concurrent.TimeoutException e) {
      throw new IllegalStateException(e);
    } finally {
      spark.sparkContext().removeSparkListener(failures);
    }
    return new ArrayList<>(failures.classes);
  }

  @Timeout(120)
  @ParameterizedTest
  @ValueSource(strings = {"if(id = 15, double('NaN'), 1d)", "if(id = 15, null, 1d)"})
  void aRefusalIsNotTriedAgain(String value) {
    Attention request = Attention.hla2().inputOrder(InputOrder.STORED);
    List<InputException> refused = new ArrayList<>();
    List<String> failures =
        failures(
            () ->
                refused.add(
                    catchThrowableOfType(
                        InputException.class, () -> request.run(triedOnce(tokens(value))))));
    assertThat(refused.get(0)).isNotNull();
    assertThat(refused.get(0).condition()).matches("HLA_INPUT_(NONFINITE|NULL)");
    assertThat(refused.get(0)).hasMessageContaining("position 15 of the sequence");
    assertThat(failures).containsExactly(InputException.class.getName());
  }

  @Test
  void anyOtherFailureIsTriedAgain() {
    Attention request = Attention.hla2().inputOrder(InputOrder.STORED);
    List<String> failures =
        failures(
            () -> {
              try {
                request.run(tokens("if(id = 15, raise_error('disk'), 1d)"));
              } catch (RuntimeException e) {
                assertThat(e).isNotInstanceOf(InputException.class);
              }
            });
    assertThat(failures).hasSizeGreaterThanOrEqualTo(4);
  }
}
