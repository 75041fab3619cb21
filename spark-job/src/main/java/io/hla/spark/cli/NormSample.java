package io.hla.spark.cli;

import io.hla.spark.Attention;
import io.hla.spark.report.OutputNorms;
import io.hla.spark.table.SequenceKey;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Some positions of a sequence that has the most runs, whose outputs are looked at when they are
 * written.
 *
 * @param outputs of the sequence
 * @param positions evenly spread, the first and the last among them
 * @param heads query heads
 */
record NormSample(WrittenSequence outputs, List<Long> positions, int heads) {
  // Formats that know where positions are look up each of these, instead of reading all rows.
  private static final int COUNT = 64;

  /** Of a job that has tokens. */
  static NormSample of(Attention request, Attention.Result result) {
    SequenceKey sequence = result.longestSequence();
    long start = result.runsOf(sequence, 0, 1).get(0).start();
    long last = result.runsOf(sequence, result.longest() - 1, result.longest()).get(0).end() - 1;
    List<Long> positions =
        LongStream.rangeClosed(0, COUNT - 1)
            .map(i -> start + Math.round((last - start) * (i / (COUNT - 1.0))))
            .distinct()
            .boxed()
            .toList();
    return new NormSample(
        WrittenSequence.of(request, result, sequence), positions, request.numHeads());
  }

  /** Looks at them in the table that was written. */
  OutputNorms norms(Dataset<Row> written) {
    Column position = outputs.position();
    Column wanted = positions.stream().map(position::equalTo).reduce(Column::or).orElseThrow();
    OutputNorms norms = new OutputNorms(outputs.text());
    Dataset<Row> rows = outputs.rows(written, wanted);
    for (Row row : rows.select(position, outputs.output()).collectAsList()) {
      List<Number> output = row.getList(1);
      norms.add(
          ((Number) row.get(0)).longValue(),
          output.stream().mapToDouble(Number::doubleValue).toArray(),
          heads);
    }
    return norms;
  }
}
