package io.hla.spark.ml;

import io.hla.spark.Attention;
import io.hla.spark.TestSpark;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Attends to a table, from code and from SQL, in a JVM that lacks spark.ml's classes. */
final class AttendWithoutMl {
  private AttendWithoutMl() {}

  public static void main(String[] args) {
    try {
      Class.forName("org.apache.spark.ml.Transformer");
      throw new IllegalStateException("spark.ml is here");
    } catch (ClassNotFoundException expected) {
      SparkSession spark = TestSpark.newSession();
      Dataset<Row> tokens = spark.read().parquet(args[0]);
      long outputs = Attention.hla2().numHeads(2).numKvHeads(1).attend(tokens).count();
      tokens.createOrReplaceTempView("tokens");
      long rows =
          spark
              .sql("SELECT * FROM hla_attention(TABLE(tokens), num_heads => 2, num_kv_heads => 1)")
              .count();
      System.out.println((outputs == rows ? outputs : -1) + " outputs without spark.ml");
      TestSpark.stop();
    }
  }
}
