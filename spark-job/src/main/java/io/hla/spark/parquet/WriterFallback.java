package io.hla.spark.parquet;

import java.nio.ByteOrder;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.crypto.EncryptionPropertiesFactory;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.internal.SessionState;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** When {@link VectorParquetFormat} leaves a table to Spark's own writer, and why. */
public final class WriterFallback {
  /** Parquet 1.16 does not know this setting yet; later versions do. */
  private static final String BYTE_STREAM_SPLIT = "parquet.enable.bytestreamsplit";

  private WriterFallback() {}

  /**
   * Why Spark's writer would write this table.
   *
   * @param options options of the write; they go before the session's settings
   * @param schema the columns in files, without those that a table is partitioned by
   * @return the setting or column that asks for it, in a few words; null if vectors are written
   *     here
   * @throws IllegalArgumentException if the option {@value VectorParquetFormat#VECTORS} names a
   *     column of another type
   */
  public static String reason(SparkSession spark, Map<String, String> options, StructType schema) {
    SQLConf conf = conf(spark);
    Configuration hadoop =
        state(spark)
            .newHadoopConfWithOptions(
                scala.collection.immutable.Map.from(CollectionConverters.asScala(options)));
    int[] vectors = WrittenColumns.vectors(schema, options, conf.caseSensitiveAnalysis());
    return reason(conf, hadoop, schema, vectors);
  }

  static SQLConf conf(SparkSession spark) {
    return state(spark).conf();
  }

  private static SessionState state(SparkSession spark) {
    return ((org.apache.spark.sql.classic.SparkSession) spark).sessionState();
  }

  static String reason(SQLConf conf, Configuration hadoop, StructType schema, int[] vectors) {
    if (vectors.length == 0) {
      return "no column of type array<float> or array<double>";
    }
    if (ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      return "this machine is big-endian";
    }
    if (conf.writeLegacyParquetFormat()) {
      return SQLConf.PARQUET_WRITE_LEGACY_FORMAT().key() + " is true";
    }
    if (hadoop.get(EncryptionPropertiesFactory.CRYPTO_FACTORY_CLASS_PROPERTY_NAME) != null) {
      return EncryptionPropertiesFactory.CRYPTO_FACTORY_CLASS_PROPERTY_NAME + " is set";
    }
    if (ParquetOutputFormat.getWriterVersion(hadoop) != WriterVersion.PARQUET_1_0) {
      return ParquetOutputFormat.WRITER_VERSION
          + " is "
          + hadoop.get(ParquetOutputFormat.WRITER_VERSION);
    }
    for (StructField field : schema.fields()) {
      // Spark may write variants in columns that it finds while it writes.
      if (holdsVariant(field.dataType())) {
        return "column " + field.name() + " holds variants";
      }
    }
    for (int vector : vectors) {
      String path = WrittenColumns.path(schema.apply(vector));
      String asked = asked(hadoop, path);
      if (asked != null) {
        return asked + " is true";
      }
    }
    return null;
  }

  /** The setting that asks for something else than PLAIN pages alone, or null. */
  private static String asked(Configuration hadoop, String path) {
    String dictionary = ParquetOutputFormat.ENABLE_DICTIONARY + "#" + path;
    if (hadoop.getBoolean(dictionary, false)) {
      return dictionary;
    }
    for (String key : new String[] {ParquetOutputFormat.BLOOM_FILTER_ENABLED, BYTE_STREAM_SPLIT}) {
      String ofColumn = key + "#" + path;
      boolean ofAll = hadoop.getBoolean(key, false);
      if (hadoop.getBoolean(ofColumn, ofAll)) {
        return hadoop.get(ofColumn) == null ? key : ofColumn;
      }
    }
    return null;
  }

  private static boolean holdsVariant(DataType type) {
    if (type instanceof StructType struct) {
      for (StructField field : struct.fields()) {
        if (holdsVariant(field.dataType())) {
          return true;
        }
      }
      return false;
    }
    if (type instanceof ArrayType array) {
      return holdsVariant(array.elementType());
    }
    if (type instanceof MapType map) {
      return holdsVariant(map.keyType()) || holdsVariant(map.valueType());
    }
    return type.equals(DataTypes.VariantType);
  }
}
