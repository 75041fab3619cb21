package io.hla.spark.output;

import org.apache.hadoop.fs.Path;

/**
 * Something that a job reads.
 *
 * @param text as it was given
 * @param path where its files are, resolved; null for a table that has no folder of its own
 * @param table full name of a table, or null for a path
 */
record TableInput(String text, Path path, String table) {}
