package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Form;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.kernels.Kernels;
import java.io.File;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Executors in processes of their own give the bits that threads of one process give. */
class LocalClusterTest {
  private static final long SEED = 41;
  private static final int TOKENS = 150;

  @TempDir static Path folder;

  private static Map<String, Map<Object, double[]>> inOneProcess;
  private static SparkSession cluster;

  @BeforeAll
  static void computeInOneProcess() {
    SparkSession spark = TestSpark.newSession();
    TokenFiles.write(spark, TokenStream.SCHEMA, pieces(), folder.resolve("tokens"));
    inOneProcess = outputs(spark);
    TestSpark.stop();
    cluster =
        TestSpark.configured(
            SparkSession.builder()
                .master("local-cluster[2,1,1024]")
                .appName("tests")
                .config("spark.ui.enabled", false)
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .getOrCreate());
  }

  @AfterAll
  static void stop() {
    cluster.stop();
  }

  @Test
  void outputsAreTheSameBits() {
    Map<String, Map<Object, double[]>> actual = outputs(cluster);
    assertThat(actual).containsOnlyKeys(inOneProcess.keySet());
    inOneProcess.forEach(
        (job, sequences) ->
            sequences.forEach(
                (sequence, o) ->
                    assertThat(actual.get(job).get(sequence))
                        .as("%s of %s, seed %d", sequence, job, SEED)
                        .isEqualTo(o)));
    assertThat(cluster.sparkContext().statusTracker().getExecutorInfos())
        .as("the driver and two executors")
        .hasSize(3);
  }

  @Test
  void executorsLoadTheKernelsOfThisMachine() {
    Attention.Result result = jobs(cluster).get(0).run(table(cluster));
    String kernels = Kernels.choose("auto", "auto").name();
    assertThat(result.figures().get(Figure.KERNELS)).asString().startsWith(kernels + " ");
  }

  /** Every task fails once, in every pass. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void retriedTasksGiveTheSameBits(boolean onExecutors) {
    JavaRDD<Row> flaky =
        table(cluster)
            .toJavaRDD()
            .mapPartitions(
                rows -> {
                  if (TaskContext.get().attemptNumber() == 0) {
                    throw new IllegalStateException("meant to fail");
                  }
                  return rows;
                });
    TestJob job = jobs(cluster).get(0);
    Dataset<Row> table = cluster.createDataFrame(flaky, TokenStream.SCHEMA);
    assertSameAsFirst((onExecutors ? job.scannedOnExecutors() : job).run(table));
  }

  /** The executor that dies takes levels of the tree with it. */
  @Test
  void aLostExecutorChangesNoBit() throws Exception {
    Path trigger = folder.resolve("die");
    JavaRDD<Row> deadly = table(cluster).toJavaRDD().mapPartitions(new Once(trigger.toFile())::die);
    Dataset<Row> table = cluster.createDataFrame(deadly, TokenStream.SCHEMA);
    Attention.Result result = jobs(cluster).get(0).scannedOnExecutors().run(table);
    Files.createFile(trigger);
    assertSameAsFirst(result);
    assertThat(trigger).as("deleted by the executor that died").doesNotExist();
  }

  /** Ends the process of the first task that finds a file. */
  private record Once(File trigger) implements Serializable {
    java.util.Iterator<Row> die(java.util.Iterator<Row> rows) {
      if (trigger.delete()) {
        Runtime.getRuntime().halt(1);
      }
      return rows;
    }
  }

  private static void assertSameAsFirst(Attention.Result result) {
    Map<Object, double[]> expected = inOneProcess.get(name(jobs(cluster).get(0)));
    Map<Object, double[]> actual = TestJob.bySequence(result.outputs());
    assertThat(actual).containsOnlyKeys(expected.keySet());
    expected.forEach((sequence, o) -> assertThat(actual.get(sequence)).isEqualTo(o));
  }

  private static Map<String, Map<Object, double[]>> outputs(SparkSession spark) {
    Map<String, Map<Object, double[]>> outputs = new HashMap<>();
    jobs(spark).forEach(job -> outputs.put(name(job), job.outputs(table(spark))));
    return outputs;
  }

  private static List<TestJob> jobs(SparkSession spark) {
    List<TestJob> jobs = new ArrayList<>();
    for (AttentionSettings settings :
        List.of(
            settings().build(),
            settings().operator(Operator.AHLA).precision(Precision.FLOAT64).build(),
            settings().operator(Operator.HLA3).form(Form.PUBLISHED).build())) {
      TestJob job = TestJob.stored(spark, settings).fanIn(3);
      jobs.add(job);
      jobs.add(job.scannedOnExecutors());
    }
    return jobs;
  }

  private static AttentionSettings.Builder settings() {
    return AttentionSettings.builder(8, 5).heads(4, 2).decay(0.95);
  }

  private static String name(TestJob job) {
    AttentionSettings sizes = settings().build();
    return job.request().settings(sizes.headDim(), sizes.valueDim()).describe()
        + " "
        + job.compute();
  }

  private static Dataset<Row> table(SparkSession spark) {
    return spark.read().parquet(folder.resolve("tokens").toString());
  }

  private static List<List<Row>> pieces() {
    TokenStream stream = TokenStream.normal(settings().build(), TOKENS, SEED);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(stream.rows("long", -20), 11));
    pieces.addAll(TokenFiles.split(stream.slice(0, 70).rows("short", 0), 1));
    return TokenFiles.shuffled(pieces, SEED);
  }
}
