package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import io.hla.spark.synthetic.Distribution;
import io.hla.spark.synthetic.SyntheticTokens;
import io.hla.spark.validate.Validator;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The arithmetic and the type of the outputs are two choices. */
class OutputTypeTest {
  private static final long TOKENS = 200;

  @TempDir Path folder;

  private final SparkSession spark = TestSpark.newSession();

  /** Floats are read as they lie and doubles are computed; outputs are rounded once. */
  @ParameterizedTest
  @ValueSource(strings = {"float", "double"})
  void floatsAreTheRoundedDoubles(String column) {
    Dataset<Row> tokens = stored(column);
    Attention request = Attention.hla2().decay(0.9).precision(Precision.FLOAT64);
    List<Row> doubles = rows(request.outputType(Element.DOUBLE).attend(tokens), "double");
    Attention.Result result = request.run(tokens);
    List<Row> floats = rows(result.outputs(), "float");
    assertThat(result.figures()).containsEntry(Figure.ROWS_FROM_PAGES, 2 * TOKENS);
    assertThat(floats).hasSize((int) TOKENS).hasSameSizeAs(doubles);
    for (int i = 0; i < floats.size(); i++) {
      List<Float> rounded = new ArrayList<>();
      doubles.get(i).<Double>getList(1).forEach(number -> rounded.add(number.floatValue()));
      assertThat(floats.get(i).<Float>getList(1)).isEqualTo(rounded);
    }
  }

  private Dataset<Row> stored(String type) {
    Path files = folder.resolve(type);
    new SyntheticTokens(TOKENS, 1, 1, 1, 3, 2, Distribution.NORMAL, 1)
        .table(spark, 4)
        .selectExpr(
            "pos",
            "cast(q as array<" + type + ">) as q",
            "cast(k as array<" + type + ">) as k",
            "cast(v as array<" + type + ">) as v")
        .write()
        .parquet(files.toString());
    return spark.read().parquet(files.toString());
  }

  private static List<Row> rows(Dataset<Row> outputs, String type) {
    assertThat(outputs.schema().apply("o").dataType().simpleString())
        .isEqualTo("array<" + type + ">");
    return outputs.orderBy("pos").collectAsList();
  }

  @ParameterizedTest
  @EnumSource(names = {"MIXED", "FLOAT32"})
  void doublesNeedDoubleArithmetic(Precision precision) {
    Attention request = Attention.hla2().precision(precision).outputType(Element.DOUBLE);
    assertThatThrownBy(() -> request.attend(spark.range(1).toDF()))
        .isInstanceOfSatisfying(
            InputException.class,
            e -> assertThat(e.condition()).isEqualTo("HLA_OPTION_NOT_APPLICABLE"))
        .hasMessageContaining(
            "output-type double belongs to precision float64, not to " + precision.text());
  }

  /** The bound of double arithmetic is far below what rounding to float does. */
  @Test
  void theOneRoundingIsAllowed() {
    Dataset<Row> tokens =
        new SyntheticTokens(TOKENS, 1, 1, 1, 3, 2, Distribution.NORMAL, 1).table(spark, 4);
    for (Element type : Element.values()) {
      Attention request = Attention.hla2().decay(0.9).precision(Precision.FLOAT64).outputType(type);
      Validator.Verdict verdict = new Validator(spark, request, tokens, tokens, TOKENS, 1, 1).run();
      assertThat(verdict.checks()).allMatch(check -> check.passed());
    }
  }
}
