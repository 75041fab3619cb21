package io.hla.spark.attend;

import io.hla.spark.runs.PlannedRun;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/** Work on the rows of one partition along its runs. */
public interface PartitionWork<T> extends Serializable {
  Iterator<T> on(int partition, Iterator<InternalRow> rows, Iterator<PlannedRun> runs);

  /** Does it on every partition. */
  static <T> JavaRDD<T> zip(
      JavaRDD<InternalRow> rows, JavaRDD<PlannedRun> runs, PartitionWork<T> work) {
    return numbered(rows)
        .zipPartitions(
            runs,
            (one, planned) -> {
              Tuple2<Integer, Iterator<InternalRow>> part = one.next();
              return work.on(part._1(), part._2(), planned);
            });
  }

  /** Every partition as one element, with its number. */
  static JavaRDD<Tuple2<Integer, Iterator<InternalRow>>> numbered(JavaRDD<InternalRow> rows) {
    return rows.mapPartitionsWithIndex(
        (partition, it) -> List.of(new Tuple2<>(partition, it)).iterator(), true);
  }
}
