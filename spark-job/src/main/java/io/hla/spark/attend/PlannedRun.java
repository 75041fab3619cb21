package io.hla.spark.attend;

import io.hla.spark.input.Run;
import java.io.Serializable;

/**
 * A run and its place in the stream.
 *
 * @param id its rank among all runs in stream order
 * @param run where it lies
 * @param summarized whether something behind it needs its summary
 */
record PlannedRun(int id, Run run, boolean summarized) implements Serializable {}
