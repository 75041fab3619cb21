package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.algebra.AttentionSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the guide says is so. */
class GuideTest {
  private static final Path GUIDE = Path.of("GUIDE.md");
  private static final Pattern SQL = Pattern.compile("```sql\n(.*?)```", Pattern.DOTALL);
  private static final Pattern ERROR = Pattern.compile("HLA_[A-Z_]+[A-Z]");

  private static final Pattern THROWN = Pattern.compile("\"(HLA_[A-Z_]+[A-Z])\"");

  @TempDir Path folder;

  @Test
  void everyStatementOfTheGuideRuns() throws IOException {
    AttentionSettings settings = AttentionSettings.builder(4, 4).heads(8, 2).build();
    TokenStream stream = TokenStream.normal(settings, 60, 3);
    List<List<Row>> pieces = new ArrayList<>(TokenFiles.split(stream.rows("a", 0), 3));
    pieces.addAll(TokenFiles.split(stream.slice(5, 55).rows("b", 0), 1));
    TestSpark.stop();
    SparkSession spark =
        TestSpark.configured(
            SparkSession.builder()
                .master("local[2]")
                .appName("tests")
                .config("spark.ui.enabled", false)
                .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
                .getOrCreate());
    Path tokens = TokenFiles.write(spark, TokenStream.SCHEMA, pieces, folder.resolve("tokens"));
    spark
        .read()
        .parquet(tokens.toString())
        .withColumn("word", functions.col("pos").cast("string"))
        .createOrReplaceTempView("tokens");
    spark
        .sql("SELECT seq, pos, pmod(hash(seq, pos), 256) AS id FROM tokens")
        .write()
        .parquet(folder.resolve("ids").toString());
    spark.read().parquet(folder.resolve("ids").toString()).createOrReplaceTempView("ids");
    spark
        .sql("SELECT * FROM VALUES ('a', array(84, 104)), ('b', array(87)) AS t(doc, tokens)")
        .createOrReplaceTempView("documents");
    List<String> statements =
        SQL.matcher(Files.readString(GUIDE))
            .results()
            .flatMap(block -> Arrays.stream(block.group(1).split(";\\s*\n")))
            .map(statement -> statement.replaceAll("(?m)^--.*\n", "").strip())
            .map(statement -> statement.replace("'data/", "'../data/"))
            .filter(statement -> !statement.isEmpty())
            .toList();
    assertThat(statements).hasSizeGreaterThan(12);
    for (String statement : statements) {
      List<Row> rows = spark.sql(statement.replaceFirst(";$", "")).collectAsList();
      if (statement.startsWith("SELECT")) {
        assertThat(rows).as(statement).isNotEmpty();
      }
    }
    assertThat(spark.table("states").count()).isEqualTo(2);
    TestSpark.stop();
  }

  @Test
  void theGuideKnowsEveryErrorAndNoOther() throws IOException {
    TreeSet<String> thrown = new TreeSet<>();
    for (String sources : List.of("src/main", "../hla-kernels/src/main/java")) {
      try (Stream<Path> files = Files.walk(Path.of(sources))) {
        for (Path file : files.filter(GuideTest::isSource).toList()) {
          THROWN
              .matcher(Files.readString(file))
              .results()
              .forEach(name -> thrown.add(name.group(1)));
        }
      }
    }
    String guide = Files.readString(GUIDE);
    TreeSet<String> listed = new TreeSet<>();
    ERROR
        .matcher(guide.substring(guide.indexOf("## Errors")))
        .results()
        .forEach(name -> listed.add(name.group()));
    assertThat(listed).isEqualTo(thrown);
  }

  private static boolean isSource(Path file) {
    return file.toString().endsWith(".java") || file.toString().endsWith(".py");
  }
}
