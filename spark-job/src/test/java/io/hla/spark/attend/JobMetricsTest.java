package io.hla.spark.attend;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Form;
import io.hla.kernels.Operator;
import io.hla.kernels.State;
import io.hla.kernels.Summary;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.report.Report;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

/** Spark's UI shows of each stage what its listeners are told: here what tasks counted by name. */
class JobMetricsTest {
  /** In 71 partitions, so in as many runs: levels of 71, 18, 5 and 2 nodes with fan-in 4. */
  private static final int TOKENS = 710;

  private static final AttentionSettings HLA2 =
      AttentionSettings.builder(3, 2).operator(Operator.HLA2).decay(0.9).build();

  private final SparkSession spark = TestSpark.newSession();

  @Test
  void tasksOfAScanOnTheDriverCountTokensAndSummaries() throws TimeoutException {
    Report report = TestJob.report(spark);
    Map<String, Long> counted = run(TestJob.stored(spark, HLA2).fanIn(4), report);
    assertThat(counted)
        .containsEntry("HLA positions read", (long) TOKENS)
        .containsEntry("HLA tokens summarized", TOKENS - 10L)
        .containsEntry("HLA summaries", 70L)
        .containsEntry("HLA summary bytes", (Long) report.figure("summaryBytesMoved"))
        .containsEntry("HLA tokens attended", (long) TOKENS);
    // 71 items: 17 whole groups of 4, 4 of these, 1 of these. The first run needs no state.
    assertThat(report.figure("combines")).isEqualTo((17 + 4 + 1) * 3L);
    assertThat(report.figure("advances")).isEqualTo(70L);
    assertThat(report.figure("summaryBytesMoved")).isEqualTo(70L * summaryBytes(HLA2, 0));
    assertThat(report.figure("stateBytesMoved")).isEqualTo(70L * stateBytes(HLA2));
  }

  @Test
  void tasksOfAScanOnExecutorsCountAllThatTheReportSays() throws TimeoutException {
    Report report = TestJob.report(spark);
    Map<String, Long> counted =
        run(TestJob.stored(spark, HLA2).fanIn(4).scannedOnExecutors(), report);
    assertThat(counted)
        .containsEntry("HLA summary bytes", (Long) report.figure("summaryBytesMoved"))
        .containsEntry("HLA state bytes", (Long) report.figure("stateBytesMoved"))
        .containsEntry("HLA advances", (Long) report.figure("advances"))
        // The groups of the last run are found to be incomplete behind their second member.
        .containsEntry("HLA combines", (Long) report.figure("combines") + 1);
    assertThat(report.figure("scanLevels")).isEqualTo(4);
    assertThat(report.figure("combines")).isEqualTo((17 + 4 + 1) * 3L);
    // Levels of 71, 18, 5 and 2 nodes; the last of each has no summary.
    assertThat(report.figure("summaryBytesMoved"))
        .isEqualTo((70 + 17 + 4 + 1L) * summaryBytes(HLA2, 0));
    assertThat(report.figure("stateBytesMoved")).isEqualTo((71 + 18 + 5 + 2L) * stateBytes(HLA2));
  }

  @Test
  void bothStepsOfAScanAreCounted() throws TimeoutException {
    AttentionSettings published =
        AttentionSettings.builder(3, 2).operator(Operator.HLA3).form(Form.PUBLISHED).build();
    Report report = TestJob.report(spark);
    Map<String, Long> counted =
        run(TestJob.stored(spark, published).fanIn(4).scannedOnExecutors(), report);
    assertThat(counted)
        .containsEntry("HLA tokens summarized", 2 * (TOKENS - 10L))
        .containsEntry("HLA summary bytes", (Long) report.figure("summaryBytesMoved"))
        .containsEntry("HLA state bytes", (Long) report.figure("stateBytesMoved"))
        .containsEntry("HLA advances", (Long) report.figure("advances"));
    assertThat(report.figure("summaryBytesMoved"))
        .isEqualTo((70 + 17 + 4 + 1L) * (summaryBytes(published, 0) + summaryBytes(published, 1)));
  }

  /** Runs a job to its last output; what its stages counted in the end. */
  private Map<String, Long> run(TestJob job, Report report) throws TimeoutException {
    Map<String, Long> counted = new ConcurrentHashMap<>();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onStageCompleted(SparkListenerStageCompleted stage) {
            CollectionConverters.asJava(stage.stageInfo().accumulables())
                .values()
                .forEach(
                    metric -> {
                      if (metric.name().get().startsWith("HLA")
                          && metric.value().get() instanceof Long value) {
                        counted.merge(metric.name().get(), value, Math::max);
                      }
                    });
          }
        };
    spark.sparkContext().addSparkListener(listener);
    try {
      SyntheticTokens tokens = new SyntheticTokens(TOKENS, 1, 1, 1, 3, 2, Distribution.NORMAL, 1);
      assertThat(job.run(tokens.table(spark, 71), report).outputs().count()).isEqualTo(TOKENS);
      spark.sparkContext().listenerBus().waitUntilEmpty();
    } finally {
      spark.sparkContext().removeSparkListener(listener);
    }
    return counted;
  }

  private static long summaryBytes(AttentionSettings settings, int step) {
    return Summary.identity(settings, step).toBytes().length;
  }

  private static long stateBytes(AttentionSettings settings) {
    return State.initial(settings).toBytes().length;
  }
}
