package io.hla.spark.attend;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;

/** The rows of a token table, as passes read them. */
public interface TokenSource {
  /** All rows; every call gives the same partitions. A row is valid until the next one. */
  JavaRDD<InternalRow> rows();

  /** Where the sequence stands in a row, if there is one; the position stands in front. */
  int sequenceOrdinal();

  /**
   * Rows (pos, [seq]) of the same partitions in the same order, read without the other columns;
   * null where there is no cheaper way than to read all of a row.
   */
  JavaRDD<InternalRow> positions();

  /** Whether every partition is a part of files, of which it is known whether they change. */
  boolean isOfFiles();

  /** Why rows may differ, in order or in value, when they are read again; null if they do not. */
  String instability();

  /** The rows kept as they are read for the first time. */
  JavaRDD<InternalRow> materialized();

  /**
   * The rows shuffled and sorted by sequence and position; consecutive positions from one multiple
   * of {@code chunk} to the next stand in one partition. Kept if the rows may differ otherwise.
   */
  JavaRDD<InternalRow> sorted(long chunk);
}
