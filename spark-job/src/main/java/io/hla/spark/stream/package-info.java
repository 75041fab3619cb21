/**
 * Attention over streams of tokens: states of sequences in Spark's state store, moved on by each
 * micro-batch. {@link io.hla.spark.stream.SequenceProcessor} is what any work on sequences in the
 * order of their positions has in common.
 */
package io.hla.spark.stream;
