package io.hla.spark.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import io.hla.spark.TestSpark;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenColumns;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables of states as they lie in files, and the nearest of them. */
class StateTableTest {
  private final SparkSession spark = TestSpark.newSession();

  @TempDir Path folder;

  @Test
  void rangesStartAtTheNearestStateOfTheirSequence() {
    String prefixes = write(row(1, 0, null), row(1, 40, 7), row(1, 80, 8), row(2, 60, 9));
    StateRange range =
        StateRange.open(
            StateTable.load(spark, prefixes), prefixes, DataTypes.LongType, key(1L), 79, 100);
    assertThat(range.from()).isEqualTo(40);
    assertThat(range.state().collectAsList())
        .singleElement()
        .satisfies(
            state -> {
              assertThat(state.<Long>getAs("seq")).isEqualTo(1);
              assertThat(state.<Long>getAs("next_pos")).isEqualTo(40);
              assertThat(state.<byte[]>getAs("state")).containsExactly(7);
            });
    assertThat(
            StateRange.open(
                    StateTable.load(spark, prefixes),
                    prefixes,
                    DataTypes.LongType,
                    key(1L),
                    80,
                    100)
                .from())
        .isEqualTo(80);
    StateRange first =
        StateRange.open(
            StateTable.load(spark, prefixes), prefixes, DataTypes.LongType, key(1L), 39, 39);
    assertThat(first.from()).isZero();
    assertThat(first.state()).isNull();
  }

  @Test
  void tokensAreNarrowedAndOutputsCut() {
    String prefixes = write(row(1, 0, null), row(1, 40, 7));
    StateRange range =
        StateRange.open(
            StateTable.load(spark, prefixes), prefixes, DataTypes.LongType, key(1L), 42, 43);
    Dataset<Row> tokens = spark.range(30, 60).selectExpr("id % 2 + 1 as seq", "id as pos");
    Dataset<Row> narrow = range.narrow(tokens, TokenColumns.defaults());
    assertThat(narrow.select("pos").collectAsList())
        .extracting(row -> row.getLong(0))
        .containsExactly(40L, 42L);
    assertThat(range.cut(narrow, TokenColumns.defaults()).collectAsList())
        .extracting(row -> row.getLong(1))
        .containsExactly(42L);
  }

  @Test
  void whatIsNotThereIsRefused() {
    String prefixes = write(row(1, 40, 7));
    assertThatThrownBy(
            () ->
                StateRange.open(
                    StateTable.load(spark, prefixes),
                    prefixes,
                    DataTypes.LongType,
                    key(1L),
                    39,
                    50))
        .isInstanceOf(InputException.class)
        .hasMessage(prefixes + " has no state of sequence \"1\" at or in front of position 39");
    assertThatThrownBy(() -> StateTable.load(spark, folder + "/none"))
        .hasMessage("no state table at " + folder + "/none");
    Dataset<Row> table = StateTable.load(spark, prefixes);
    assertThat(StateTable.sequenceType(table)).isEqualTo(DataTypes.LongType);
    assertThatThrownBy(() -> StateTable.of(table, "x", DataTypes.StringType))
        .hasMessage("x: column seq is bigint, expected string");
    assertThatThrownBy(() -> StateTable.of(table, "x", null))
        .hasMessage("x holds states of named sequences, the input has no sequence column");
    assertThatThrownBy(() -> StateTable.of(table.drop("state"), "x", DataTypes.LongType))
        .hasMessageContaining("x is not a state table for this input: it has no column state");
  }

  @Test
  void keysOfAnotherIntegerTypeFindTheirSequence() {
    String prefixes = write(row(1, 40, 7));
    Dataset<Row> states =
        StateTable.of(StateTable.load(spark, prefixes), prefixes, DataTypes.IntegerType);
    assertThat(states.schema().apply("seq").dataType()).isEqualTo(DataTypes.IntegerType);
    assertThat(
            StateRange.open(
                    StateTable.load(spark, prefixes),
                    prefixes,
                    DataTypes.IntegerType,
                    key(1),
                    41,
                    42)
                .from())
        .isEqualTo(40);
  }

  private static SequenceKey key(Object sequence) {
    return SequenceKey.of(sequence);
  }

  private static Row row(long sequence, long next, Integer state) {
    return RowFactory.create(
        sequence, next, next, "{}", state == null ? null : new byte[] {state.byteValue()});
  }

  private String write(Row... rows) {
    String path = folder.resolve("prefixes").toString();
    spark
        .createDataFrame(List.of(rows), StateTable.schema(DataTypes.LongType))
        .write()
        .parquet(path);
    return path;
  }
}
