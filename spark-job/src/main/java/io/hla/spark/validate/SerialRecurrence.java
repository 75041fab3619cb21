package io.hla.spark.validate;

import io.hla.kernels.Precision;
import io.hla.spark.Attention;
import io.hla.spark.InputOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A job as one machine would do it: one partition in stream order, token by token in double.
 *
 * @param job the same request in double, with the kernels that are the recurrence
 * @param tokens the same tokens in one partition
 */
record SerialRecurrence(Attention job, Dataset<Row> tokens) {

  /** {@code named}: whether the tokens have a sequence column. */
  static SerialRecurrence of(Attention request, Dataset<Row> tokens, boolean named) {
    List<Column> order = new ArrayList<>();
    if (named) {
      order.add(Tokens.quoted(request.columns().sequence()));
    }
    order.add(Tokens.quoted(request.columns().position()));
    return new SerialRecurrence(
        request
            .precision(Precision.FLOAT64)
            .inputOrder(InputOrder.STORED)
            .cutEvery(0)
            .kernels("recurrent", request.compute().instructionSet()),
        tokens.repartition(1).sortWithinPartitions(order.toArray(Column[]::new)));
  }
}
