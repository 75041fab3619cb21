package io.hla.spark.text;

import java.util.function.Supplier;
import org.apache.spark.sql.catalyst.InternalRow;

/** The ids of the texts of rows, one row after the other. */
interface TextSource {
  /**
   * Begins with the text of a row.
   *
   * @param place what messages call it
   * @throws io.hla.spark.InputException HLA_INPUT_NULL if there is none
   */
  void open(InternalRow row, Supplier<String> place);

  /**
   * The next ids of the text, or null behind the last ones.
   *
   * @throws io.hla.spark.InputException if there is something else than ids
   */
  int[] next();
}
