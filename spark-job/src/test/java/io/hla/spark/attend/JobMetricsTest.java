package io.hla.spark.attend;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Operator;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.spark.Attention;
import io.hla.spark.Figure;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

/** Spark's UI shows what its listeners are told: here what tasks counted by name. */
class JobMetricsTest {
  /** In 71 partitions, so in as many runs: levels of 71, 18, 5 and 2 nodes with fan-in 4. */
  private static final int TOKENS = 710;

  private static final Set<String> METRICS =
      Set.of(
          "positions read",
          "tokens summarized",
          "summaries",
          "summary bytes",
          "combines",
          "advances",
          "states",
          "state bytes",
          "tokens attended");

  private static final AttentionSettings HLA2 =
      AttentionSettings.builder(3, 2).operator(Operator.HLA2).decay(0.9).build();

  private final SparkSession spark = TestSpark.newSession();

  @Test
  void tasksOfAScanOnTheDriverCountTokensAndSummaries() throws TimeoutException {
    Counted job = run(TestJob.stored(spark, HLA2).fanIn(4));
    assertThat(job.counted())
        .containsEntry("positions read", (long) TOKENS)
        .containsEntry("tokens summarized", TOKENS - 10L)
        .containsEntry("summaries", 70L)
        .containsEntry("summary bytes", job.figure(Figure.SUMMARY_BYTES_MOVED))
        .containsEntry("tokens attended", (long) TOKENS);
    // 71 items: 17 whole groups of 4, 4 of these, 1 of these. The first run needs no state.
    assertThat(job.figure(Figure.COMBINES)).isEqualTo((17 + 4 + 1) * 3L);
    assertThat(job.figure(Figure.ADVANCES)).isEqualTo(70L);
    assertThat(job.figure(Figure.SUMMARY_BYTES_MOVED)).isEqualTo(70L * summaryBytes(HLA2, 0));
    assertThat(job.figure(Figure.STATE_BYTES_MOVED)).isEqualTo(70L * stateBytes(HLA2));
  }

  @Test
  void tasksOfAScanOnExecutorsCountAllThatTheReportSays() throws TimeoutException {
    Counted job = run(TestJob.stored(spark, HLA2).fanIn(4).scannedOnExecutors());
    assertThat(job.counted())
        .containsEntry("summary bytes", job.figure(Figure.SUMMARY_BYTES_MOVED))
        .containsEntry("state bytes", job.figure(Figure.STATE_BYTES_MOVED))
        .containsEntry("advances", job.figure(Figure.ADVANCES))
        // The groups of the last run are found to be incomplete behind their second member.
        .containsEntry("combines", job.figure(Figure.COMBINES) + 1);
    assertThat(job.figure(Figure.SCAN_LEVELS)).isEqualTo(4);
    assertThat(job.figure(Figure.COMBINES)).isEqualTo((17 + 4 + 1) * 3L);
    // Levels of 71, 18, 5 and 2 nodes; the last of each has no summary.
    assertThat(job.figure(Figure.SUMMARY_BYTES_MOVED))
        .isEqualTo((70 + 17 + 4 + 1L) * summaryBytes(HLA2, 0));
    assertThat(job.figure(Figure.STATE_BYTES_MOVED))
        .isEqualTo((71 + 18 + 5 + 2L) * stateBytes(HLA2));
  }

  @Test
  void bothStepsOfAScanAreCounted() throws TimeoutException {
    AttentionSettings published =
        AttentionSettings.builder(3, 2).operator(Operator.HLA3).form(Form.PUBLISHED).build();
    Counted job = run(TestJob.stored(spark, published).fanIn(4).scannedOnExecutors());
    assertThat(job.counted())
        .containsEntry("tokens summarized", 2 * (TOKENS - 10L))
        .containsEntry("summary bytes", job.figure(Figure.SUMMARY_BYTES_MOVED))
        .containsEntry("state bytes", job.figure(Figure.STATE_BYTES_MOVED))
        .containsEntry("advances", job.figure(Figure.ADVANCES));
    assertThat(job.figure(Figure.SUMMARY_BYTES_MOVED))
        .isEqualTo((70 + 17 + 4 + 1L) * (summaryBytes(published, 0) + summaryBytes(published, 1)));
  }

  /** What the tasks of a job counted, and what the job says of itself. */
  private record Counted(Map<String, Long> counted, Map<Figure, Object> figures) {
    long figure(Figure name) {
      return ((Number) figures.get(name)).longValue();
    }
  }

  /** Runs a job to its last output. */
  private Counted run(TestJob job) throws TimeoutException {
    Map<String, Long> counted = new ConcurrentHashMap<>();
    SparkListener listener =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd task) {
            CollectionConverters.asJava(task.taskInfo().accumulables())
                .forEach(
                    metric -> {
                      if (METRICS.contains(metric.name().getOrElse(() -> ""))
                          && metric.update().get() instanceof Long value) {
                        counted.merge(metric.name().get(), value, Long::sum);
                      }
                    });
          }
        };
    spark.sparkContext().addSparkListener(listener);
    try {
      SyntheticTokens tokens = new SyntheticTokens(TOKENS, 1, 1, 1, 3, 2, Distribution.NORMAL, 1);
      Attention.Result result = job.run(tokens.table(spark, 71));
      assertThat(result.outputs().count()).isEqualTo(TOKENS);
      spark.sparkContext().listenerBus().waitUntilEmpty();
      return new Counted(counted, result.figures());
    } finally {
      spark.sparkContext().removeSparkListener(listener);
    }
  }

  private static long summaryBytes(AttentionSettings settings, int step) {
    return Summary.identity(settings, step).toBytes().length;
  }

  private static long stateBytes(AttentionSettings settings) {
    return State.initial(settings).toBytes().length;
  }
}
