/** Attention and its states as functions of Spark's SQL. */
package io.hla.spark.sql;
