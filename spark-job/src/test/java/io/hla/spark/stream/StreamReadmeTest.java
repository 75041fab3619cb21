package io.hla.spark.stream;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.spark.Attention;
import io.hla.spark.TestJob;
import io.hla.spark.TestSpark;
import io.hla.spark.TokenFiles;
import io.hla.spark.TokenStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.ToolProvider;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The two queries of the README, compiled and run. */
class StreamReadmeTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(4, 4).heads(2, 2).precision(Precision.FLOAT64).build();

  private final SparkSession spark = TestSpark.newSession();
  private final List<Row> rows = TokenStream.normal(SETTINGS, 90, 78).rows("s", 0);

  @TempDir Path folder;

  @Test
  void examplesRun() throws Exception {
    Matcher examples =
        Pattern.compile("```java\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(Path.of("README.md")));
    ArrivingFiles files = new ArrivingFiles(spark, TokenStream.SCHEMA, folder);
    files.add(rows.subList(0, 64)).add(rows.subList(64, 90));
    Dataset<Row> expected =
        Attention.hla2()
            .numHeads(2)
            .decay(0.99)
            .attend(TokenFiles.partitioned(spark, TokenStream.SCHEMA, List.of(rows)));
    int found = 0;
    while (examples.find()) {
      String code = examples.group(1);
      String name = code.replaceAll("(?s).*class (\\w+).*", "$1");
      Path out = Files.createDirectory(folder.resolve(name));
      run(name, code, files.input().toString(), out.toString());
      Dataset<Row> outputs = spark.read().parquet(out + "/outputs");
      assertThat(TestJob.bySequence(outputs))
          .as(name)
          .usingRecursiveComparison()
          .isEqualTo(TestJob.bySequence(expected));
      found++;
    }
    assertThat(found).isEqualTo(2);
    assertThat(spark.read().parquet(folder + "/Streamed/states").head().getLong(1)).isEqualTo(90);
  }

  private void run(String name, String code, String... arguments) throws Exception {
    Path source = Files.writeString(folder.resolve(name + ".java"), code);
    assertThat(
            ToolProvider.getSystemJavaCompiler()
                .run(
                    null,
                    null,
                    null,
                    "-proc:none",
                    "-cp",
                    System.getProperty("java.class.path"),
                    source.toString()))
        .isZero();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()}, before)) {
      thread.setContextClassLoader(loader);
      loader.loadClass(name).getMethod("main", String[].class).invoke(null, (Object) arguments);
    } finally {
      thread.setContextClassLoader(before);
    }
  }
}
