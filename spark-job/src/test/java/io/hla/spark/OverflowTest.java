package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.Precision;
import io.hla.kernels.Element;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** Sums of finite numbers that pass the largest number are noticed, and named with their place. */
class OverflowTest {
  private final SparkSession spark = TestSpark.newSession();

  @Test
  void ofAnOutput() {
    // k v is 1e35, which a float holds 20 times; at position 5, q is 1e10.
    Dataset<Row> tokens = tokens(1, "if(id = 5, 1e10, 1e-10)", "1e5", "1e30");
    for (Precision precision : new Precision[] {Precision.FLOAT32, Precision.MIXED}) {
      refused(
          Attention.linear().precision(precision),
          tokens,
          "HLA_OVERFLOW o[0] is Infinity at position 5 of sequence \"s\", expected sums within the"
              + " range of precision "
              + precision.text()
              + " (float64 has a larger one)");
    }
    Attention doubles = Attention.linear().precision(Precision.FLOAT64);
    refused(
        doubles,
        tokens,
        "HLA_OVERFLOW o[0] is Infinity at position 5 of sequence \"s\", expected a finite float"
            + " (output type double holds larger numbers)");
    List<Row> outputs = doubles.outputType(Element.DOUBLE).attend(tokens).collectAsList();
    assertThat(outputs.get(5).<Double>getList(2).get(0)).isBetween(5.9e45, 6.1e45);
  }

  @Test
  void ofASummary() {
    // Four runs of 5; the third one's sum of k v passes the largest double.
    Dataset<Row> tokens = tokens(4, "0", "1e200", "if(id = 12, 1e200, 1)");
    refused(
        Attention.linear().precision(Precision.FLOAT64),
        tokens,
        "HLA_OVERFLOW the summary of positions 10 to 14 of sequence \"s\" holds numbers that are"
            + " not finite, expected sums within the range of precision float64");
  }

  @Test
  void ofAState() {
    // Every run's sum of 5 tokens is finite, that of two is not: the second run's outputs, or the
    // state in front of the third or the fourth, whichever task comes first.
    Dataset<Row> tokens = tokens(4, "0", "1e154", "2.4e153");
    Attention request = Attention.linear().precision(Precision.FLOAT64);
    for (boolean onExecutors : new boolean[] {false, true}) {
      Attention scanned = request.compute(request.compute().scannedOn(onExecutors));
      assertThatThrownBy(() -> scanned.attend(tokens).collect())
          .satisfies(
              e ->
                  assertThat(refusal(e))
                      .containsPattern(
                          "^HLA_OVERFLOW (the state in front of position 1[05]"
                              + "|o.0. is NaN at position [7-9]) "));
    }
    assertThatThrownBy(() -> request.withFinalStates().run(tokens).finalStates().collect())
        .satisfies(
            e ->
                assertThat(refusal(e))
                    .startsWith("HLA_OVERFLOW the state in front of position 20 of"));
    Attention lenient = request.refuseNonFinite(false);
    assertThat(lenient.withFinalStates().run(tokens).finalStates().count()).isEqualTo(1);
  }

  @Test
  void aDenominatorOfZeroIsNone() {
    Dataset<Row> tokens = tokens(1, "if(id = 3, 0, 1)", "1", "1");
    Attention request = Attention.linear().normalize(true).epsilon(0);
    refused(
        request,
        tokens,
        "HLA_DENOMINATOR o[0] is NaN at position 3 of sequence \"s\": the denominator of head 0 is 0"
            + " or not finite, expected another number (epsilon is 0.0)");
    List<Row> outputs = request.refuseNonFinite(false).attend(tokens).collectAsList();
    assertThat(outputs.get(3).<Float>getList(2)).containsExactly(Float.NaN);
    assertThat(outputs.get(4).<Float>getList(2)).containsExactly(1f);
  }

  @Test
  void propagatesWhenAsked() {
    Dataset<Row> tokens = tokens(4, "1e30", "1e30", "1e30");
    List<Row> outputs =
        Attention.hla2().refuseNonFinite(false).attend(tokens).orderBy("pos").collectAsList();
    assertThat(outputs).hasSize(20);
    assertThat(Float.isFinite(outputs.get(19).<Float>getList(2).get(0))).isFalse();
  }

  /** Twenty tokens of sequence s in runs of equal lengths, doubles. */
  private Dataset<Row> tokens(int partitions, String q, String k, String v) {
    return spark
        .range(0, 20, 1, partitions)
        .selectExpr("'s' as seq", "id as pos", array(q, "q"), array(k, "k"), array(v, "v"));
  }

  private static String array(String number, String name) {
    return String.format("array(cast(%s as double)) as %s", number, name);
  }

  private static void refused(Attention request, Dataset<Row> tokens, String message) {
    assertThatThrownBy(() -> request.attend(tokens).collect())
        .satisfies(e -> assertThat(refusal(e)).startsWith(message));
  }

  private static String refusal(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof InputException refused) {
        return refused.condition() + " " + refused.getMessage();
      }
    }
    return String.valueOf(e);
  }
}
