package io.hla.spark.parquet;

import static io.hla.spark.parquet.WrittenTables.bits;
import static io.hla.spark.parquet.WrittenTables.files;
import static io.hla.spark.parquet.WrittenTables.footer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.TestSpark;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.column.Encoding;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What Spark does with tables it does with ours: modes, partitions, commits. */
class VectorTableTest {
  private static final SparkSession SPARK = TestSpark.newSession();

  @TempDir Path folder;

  private static Dataset<Row> rows(int from, int to) {
    return SPARK
        .range(from, to, 1, 2)
        .selectExpr("id % 3 part", "id", "array(cast(id as float), 2f, -0f) o");
  }

  private DataFrameWriter<Row> writer(Dataset<Row> rows) {
    return rows.write().format("vector-parquet");
  }

  private String path() {
    return folder + "/table";
  }

  private Dataset<Row> read() {
    return SPARK.read().parquet(path()).select("part", "id", "o");
  }

  @Test
  void obeysTheMode() {
    writer(rows(0, 10)).save(path());
    assertThatThrownBy(() -> writer(rows(0, 10)).save(path())).hasMessageContaining("EXISTS");
    writer(rows(10, 20)).mode(SaveMode.Append).save(path());
    assertThat(bits(read())).isEqualTo(bits(rows(0, 20)));
    writer(rows(0, 5)).mode(SaveMode.Ignore).save(path());
    assertThat(bits(read())).isEqualTo(bits(rows(0, 20)));
    writer(rows(3, 7)).mode(SaveMode.Overwrite).save(path());
    assertThat(bits(read())).isEqualTo(bits(rows(3, 7)));
    assertThat(bits(SPARK.read().format("vector-parquet").load(path())))
        .isEqualTo(bits(rows(3, 7)));
  }

  @Test
  void overwritesPartitionsThatAreWrittenAlone() {
    writer(rows(0, 30)).partitionBy("part").save(path());
    assertThat(bits(read())).isEqualTo(bits(rows(0, 30)));
    writer(rows(100, 110).where("part = 1"))
        .partitionBy("part")
        .mode(SaveMode.Overwrite)
        .option("partitionOverwriteMode", "dynamic")
        .save(path());
    assertThat(bits(read()))
        .isEqualTo(bits(rows(0, 30).where("part <> 1").union(rows(100, 110).where("part = 1"))));
    assertThat(footer(files(folder.resolve("table")).get(0)).getBlocks().get(0).getColumns())
        .hasSize(2);
  }

  @Test
  void filesHaveAsManyRowsAsTheyMay() {
    writer(rows(0, 100).coalesce(1)).option("maxRecordsPerFile", 30).save(path());
    assertThat(files(folder.resolve("table"))).hasSize(4);
    assertThat(bits(read())).isEqualTo(bits(rows(0, 100)));
  }

  @Test
  void emptyTablesKeepTheirColumns() {
    writer(rows(0, 10).where("id > 50")).save(path());
    assertThat(read().schema().simpleString()).contains("o:array<float>");
    assertThat(read().count()).isZero();
  }

  /** One task fails in the middle of a page, when the other may be done. */
  @Test
  void aFailureLeavesNothingAndIsNotInTheWayOfTheNextJob() {
    Dataset<Row> failing =
        rows(0, 1000).selectExpr("part", "if(id = 777, raise_error('meant to fail'), id) id", "o");
    assertThatThrownBy(() -> writer(failing).save(path())).hasStackTraceContaining("meant to fail");
    assertThat(files(folder)).isEmpty();
    writer(rows(0, 1000)).mode(SaveMode.Overwrite).save(path());
    assertThat(bits(read())).isEqualTo(bits(rows(0, 1000)));
    assertThatThrownBy(() -> writer(failing).mode(SaveMode.Append).save(path()))
        .hasStackTraceContaining("meant to fail");
    assertThat(bits(read())).isEqualTo(bits(rows(0, 1000)));
  }

  @Test
  void writersShareTheHeap() {
    // Sums are over all writers of this JVM, of which there are no others now.
    List<WriterMemory> open = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      open.add(new WriterMemory(1000, 100, 2000));
    }
    assertThat(open).allSatisfy(memory -> assertThat(memory.rowGroupBytes()).isEqualTo(500));
    open.get(0).close();
    open.get(0).close();
    open.get(1).close();
    assertThat(open.get(3).rowGroupBytes()).isEqualTo(1000);
    try (WriterMemory little = new WriterMemory(1000, 700, 500)) {
      assertThat(little.rowGroupBytes()).isEqualTo(700);
    }
    open.forEach(WriterMemory::close);
    try (WriterMemory alone = new WriterMemory(1000, 100, 1000)) {
      assertThat(alone.rowGroupBytes()).isEqualTo(1000);
    }
  }

  /** Our files alone have vectors that are PLAIN, without statistics. */
  static boolean isOurs(Path folder) {
    var column =
        footer(files(folder).get(0)).getBlocks().get(0).getColumns().stream()
            .filter(chunk -> chunk.getPath().toDotString().startsWith("o."))
            .findFirst()
            .orElseThrow();
    return column.getStatistics().isEmpty() && column.getEncodings().contains(Encoding.PLAIN);
  }
}
