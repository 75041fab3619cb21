package io.hla.spark.runs;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Runs as a table (seq if there is one, first, behind), for questions about all of them that the
 * driver need not hold them for.
 */
public final class RunRows {
  public static final String SEQUENCE = "seq";

  /** The first position of a run. */
  public static final String FIRST = "first";

  /** The position behind a run. */
  public static final String BEHIND = "behind";

  private RunRows() {}

  /** {@code sequenceType} is null for a table without sequences. */
  public static Dataset<Row> of(SparkSession spark, DataType sequenceType, JavaRDD<Run> runs) {
    StructType schema = new StructType();
    if (sequenceType != null) {
      schema = schema.add(SEQUENCE, sequenceType, false);
    }
    schema = schema.add(FIRST, DataTypes.LongType, false).add(BEHIND, DataTypes.LongType, false);
    return spark.createDataFrame(runs.map(run -> row(sequenceType, run)), schema);
  }

  private static Row row(DataType sequenceType, Run run) {
    List<Object> values = new ArrayList<>();
    if (sequenceType != null) {
      values.add(run.sequence().external(sequenceType));
    }
    values.add(run.start());
    values.add(run.end());
    return RowFactory.create(values.toArray());
  }
}
