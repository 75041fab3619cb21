/**
 * Where tables are written: refused early, written aside, made visible whole. A {@link
 * io.hla.spark.output.Publication} has several tables, of which those that are folders of files are
 * published together.
 */
package io.hla.spark.output;
