package io.hla.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Outputs (seq, pos, o) that have to be the same to the last bit. */
final class Bits {
  private Bits() {}

  static Map<Object, double[]> of(Dataset<Row> outputs) {
    return TestJob.bySequence(outputs);
  }

  static void assertSame(
      Map<Object, double[]> actual, Map<Object, double[]> expected, Object... what) {
    assertThat(expected).as("%s", what).isNotEmpty();
    assertThat(actual.keySet()).as("sequences of %s", what).isEqualTo(expected.keySet());
    actual.forEach(
        (sequence, o) ->
            assertThat(o).as("%s of %s", sequence, what).isEqualTo(expected.get(sequence)));
  }
}
