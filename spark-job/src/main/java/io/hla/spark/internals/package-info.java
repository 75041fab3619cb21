/**
 * What depends on the line of Spark. {@link io.hla.spark.internals.SparkLine} exists once for every
 * line, in {@code src/main/spark-4.x}; the build takes one of them.
 */
package io.hla.spark.internals;
