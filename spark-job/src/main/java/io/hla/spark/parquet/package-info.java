/**
 * Columns of vectors in Parquet files, read from pages and written as pages instead of number by
 * number. Everything else in the files is read and written by Spark.
 */
package io.hla.spark.parquet;
