package io.hla.spark.attend;

import io.hla.spark.input.Run;
import io.hla.spark.scan.Node;
import java.io.Serializable;

/**
 * A run and its place in the stream.
 *
 * @param ordinal its place among the runs of its partition, in the order of first rows
 * @param run where it lies
 * @param node its place in the stream: ordinal of the sequence, rank in it
 * @param scanned whether it takes part in the scan: its state is not that of an empty stream, or
 *     something behind it depends on it
 * @param summarized whether something behind it needs its summary
 */
record PlannedRun(int ordinal, Run run, Node node, boolean scanned, boolean summarized)
    implements Serializable {}
