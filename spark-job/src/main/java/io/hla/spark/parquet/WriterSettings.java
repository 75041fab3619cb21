package io.hla.spark.parquet;

import io.hla.spark.internals.SparkLine;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ParquetOutputFormat;
import org.apache.parquet.hadoop.ParquetWriter;

/**
 * Parquet's writer settings of a job, as {@link ParquetOutputFormat} reads them.
 *
 * @param properties settings of pages and columns
 * @param rowGroupBytes bytes of a row group in memory
 * @param paddingBytes padding in front of row groups that would cross a block, at most
 * @param validating whether records are checked against the schema
 */
record WriterSettings(
    ParquetProperties properties, long rowGroupBytes, int paddingBytes, boolean validating) {

  private static final String PREFIX = "parquet.";

  static WriterSettings of(Configuration conf) {
    return new WriterSettings(
        properties(conf),
        ParquetOutputFormat.getLongBlockSize(conf),
        conf.getInt(ParquetOutputFormat.MAX_PADDING_BYTES, ParquetWriter.MAX_PADDING_SIZE_DEFAULT),
        ParquetOutputFormat.getValidation(conf));
  }

  private static ParquetProperties properties(Configuration conf) {
    ParquetProperties.Builder builder =
        ParquetProperties.builder()
            .withPageSize(ParquetOutputFormat.getPageSize(conf))
            .withDictionaryPageSize(ParquetOutputFormat.getDictionaryPageSize(conf))
            .withDictionaryEncoding(ParquetOutputFormat.getEnableDictionary(conf))
            .withWriterVersion(ParquetOutputFormat.getWriterVersion(conf))
            .estimateRowCountForPageSizeCheck(ParquetOutputFormat.getEstimatePageSizeCheck(conf))
            .withMinRowCountForPageSizeCheck(
                ParquetOutputFormat.getMinRowCountForPageSizeCheck(conf))
            .withMaxRowCountForPageSizeCheck(
                ParquetOutputFormat.getMaxRowCountForPageSizeCheck(conf))
            .withPageValueCountThreshold(ParquetOutputFormat.getValueCountThreshold(conf))
            .withColumnIndexTruncateLength(
                conf.getInt(
                    ParquetOutputFormat.COLUMN_INDEX_TRUNCATE_LENGTH,
                    ParquetProperties.DEFAULT_COLUMN_INDEX_TRUNCATE_LENGTH))
            .withStatisticsTruncateLength(
                conf.getInt(
                    ParquetOutputFormat.STATISTICS_TRUNCATE_LENGTH,
                    ParquetProperties.DEFAULT_STATISTICS_TRUNCATE_LENGTH))
            .withMaxBloomFilterBytes(ParquetOutputFormat.getBloomFilterMaxBytes(conf))
            .withBloomFilterEnabled(ParquetOutputFormat.getBloomFilterEnabled(conf))
            .withAdaptiveBloomFilterEnabled(ParquetOutputFormat.getAdaptiveBloomFilterEnabled(conf))
            .withPageRowCountLimit(
                conf.getInt(
                    ParquetOutputFormat.PAGE_ROW_COUNT_LIMIT,
                    ParquetProperties.DEFAULT_PAGE_ROW_COUNT_LIMIT))
            .withPageWriteChecksumEnabled(ParquetOutputFormat.getPageWriteChecksumEnabled(conf))
            .withStatisticsEnabled(ParquetOutputFormat.getStatisticsEnabled(conf));
    SparkLine.limitRows(builder, conf);
    // To iterate over all of a configuration takes milliseconds.
    for (String key : conf.getPropsWithPrefix(PREFIX).keySet()) {
      ofColumn(builder, conf, PREFIX + key);
    }
    return builder.build();
  }

  /** Takes over a setting of one column, {@code key#column}, if it is one. */
  private static void ofColumn(ParquetProperties.Builder builder, Configuration conf, String key) {
    Function<String, Boolean> flag = name -> conf.getBoolean(name, false);
    take(key, ParquetOutputFormat.ENABLE_DICTIONARY, flag, builder::withDictionaryEncoding);
    take(key, ParquetOutputFormat.BLOOM_FILTER_ENABLED, flag, builder::withBloomFilterEnabled);
    take(
        key,
        ParquetOutputFormat.BLOOM_FILTER_EXPECTED_NDV,
        name -> conf.getLong(name, -1),
        builder::withBloomFilterNDV);
    take(
        key,
        ParquetOutputFormat.BLOOM_FILTER_FPP,
        name -> conf.getDouble(name, ParquetProperties.DEFAULT_BLOOM_FILTER_FPP),
        builder::withBloomFilterFPP);
    take(
        key,
        ParquetOutputFormat.BLOOM_FILTER_CANDIDATES_NUMBER,
        name -> conf.getInt(name, ParquetProperties.DEFAULT_BLOOM_FILTER_CANDIDATES_NUMBER),
        builder::withBloomFilterCandidatesNumber);
    take(
        key,
        ParquetOutputFormat.STATISTICS_ENABLED,
        name -> conf.getBoolean(name, ParquetProperties.DEFAULT_STATISTICS_ENABLED),
        builder::withStatisticsEnabled);
  }

  private static <T> void take(
      String key, String setting, Function<String, T> value, BiConsumer<String, T> target) {
    String prefix = setting + "#";
    if (key.startsWith(prefix)) {
      target.accept(key.substring(prefix.length()), value.apply(key));
    }
  }
}
