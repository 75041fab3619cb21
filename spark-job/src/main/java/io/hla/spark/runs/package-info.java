/**
 * Where the runs of consecutive positions lie in the partitions of a token table, and their order
 * in the stream: cut, checked for exact cover, planned, and read again along the plan.
 */
package io.hla.spark.runs;
