/**
 * Attention over streams of tokens: states of sequences in Spark's state store, moved on by each
 * micro-batch.
 */
package io.hla.spark.stream;
