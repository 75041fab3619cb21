/**
 * The ordered prefix tree over the summaries of runs: on the driver, level by level on executors,
 * and within the partitions that hold neighbouring runs.
 */
package io.hla.spark.scan;
