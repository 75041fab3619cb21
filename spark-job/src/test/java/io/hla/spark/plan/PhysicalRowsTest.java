package io.hla.spark.plan;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import scala.jdk.javaapi.CollectionConverters;

/** Against the rows that Spark makes of the same plan. */
class PhysicalRowsTest {
  @TempDir private Path folder;
  private SparkSession spark;

  @BeforeEach
  void open() {
    spark = TestSpark.newSession();
    spark.conf().set("spark.sql.parquet.columnarReaderBatchSize", 7);
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc"})
  void viewsHoldWhatSparksRowsHold(String format) {
    Dataset<Row> table = table(format);
    Dataset<Row> chosen =
        table.select(col("pos"), col("q").as("k"), col("words"), col("seq"), col("q"), col("v"));
    assertThat(kinds(chosen)).containsOnly(BatchRow.class);
    assertThat(copies(chosen.schema(), rowsOf(chosen)))
        .hasSize(50)
        .isEqualTo(copies(chosen.schema(), rowsOfSpark(chosen)));
  }

  @Test
  void otherPlansGiveSparksRows() {
    Dataset<Row> table = table("parquet");
    for (Dataset<Row> other :
        List.of(
            table.where("pos > 3"),
            table.selectExpr("cast(pos as string)", "q"),
            table.sortWithinPartitions("seq"),
            table.coalesce(1))) {
      assertThat(kinds(other)).doesNotContain(BatchRow.class);
      assertThat(copies(other.schema(), rowsOf(other)))
          .isEqualTo(copies(other.schema(), rowsOfSpark(other)));
    }
  }

  /** Null rows and elements, empty and long arrays, and numbers that repeat. */
  private Dataset<Row> table(String format) {
    String path = folder.resolve(format).toString();
    spark
        .range(50)
        .selectExpr(
            "id as pos",
            "if(id % 9 = 4, null, concat('s', id div 20)) as seq",
            "if(id % 7 = 3, null, transform(sequence(0, id % 5), x -> cast(x + id as float))) as q",
            "transform(sequence(1, 40), x -> if(x = id, null, cast(x % 3 as double))) as v",
            "array(named_struct('w', concat('w', id), 'n', id)) as words")
        .repartition(3)
        .write()
        .format(format)
        .save(path);
    return spark.read().format(format).load(path);
  }

  private static JavaRDD<InternalRow> rowsOfSpark(Dataset<Row> table) {
    return ((org.apache.spark.sql.classic.Dataset<Row>) table).queryExecution().toRdd().toJavaRDD();
  }

  private static JavaRDD<InternalRow> rowsOf(Dataset<Row> table) {
    QueryExecution execution = ((org.apache.spark.sql.classic.Dataset<Row>) table).queryExecution();
    return PhysicalRows.of(execution.executedPlan(), execution.sparkSession().sessionState().conf())
        .toJavaRDD();
  }

  private static List<Class<?>> kinds(Dataset<Row> table) {
    return rowsOf(table).<Class<?>>map(InternalRow::getClass).distinct().collect();
  }

  private static List<InternalRow> copies(StructType schema, JavaRDD<InternalRow> rows) {
    return rows.mapPartitions(
            all -> {
              List<Expression> columns =
                  Stream.of(schema.fields())
                      .<Expression>map(
                          field ->
                              new BoundReference(
                                  schema.fieldIndex(field.name()), type(field), true))
                      .toList();
              UnsafeProjection projection =
                  UnsafeProjection.create(CollectionConverters.asScala(columns).toSeq());
              Iterable<InternalRow> once = () -> all;
              return java.util.stream.StreamSupport.stream(once.spliterator(), false)
                  .<InternalRow>map(row -> projection.apply(row).copy())
                  .iterator();
            })
        .collect();
  }

  private static org.apache.spark.sql.types.DataType type(StructField field) {
    return field.dataType();
  }
}
