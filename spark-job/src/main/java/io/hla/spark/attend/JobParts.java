package io.hla.spark.attend;

import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.spark.passes.OutputPass;
import io.hla.spark.passes.SummaryPass;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.scan.ByteAction;
import io.hla.spark.scan.Node;
import java.io.Serializable;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;

/**
 * What a job is put together from, a method for each part that a number passes through on its way
 * from a token to an output. Every job takes the parts as they are; validation exchanges one of
 * them for a part that is wrong on purpose, and sees whether that is noticed.
 */
public interface JobParts extends Serializable {
  /** The parts as they are. */
  JobParts SOUND = new Sound();

  /** The first pass: the runs of a partition become items of the tree. */
  default PartitionWork<Tuple2<Node, byte[]>> summaries(SummaryPass pass) {
    return pass::run;
  }

  /** How the scan combines summaries and moves states. */
  default ByteAction<State, Summary> action(ByteAction<State, Summary> action) {
    return action;
  }

  /**
   * The runs with the states in front of them, as the outputs and the table of states have them.
   */
  default JavaRDD<PlannedRun> handedOut(JavaRDD<PlannedRun> runs) {
    return runs;
  }

  /** The last pass: the runs of a partition become rows of outputs. */
  default PartitionWork<InternalRow> outputs(OutputPass pass) {
    return pass::run;
  }

  /** No part is exchanged. */
  record Sound() implements JobParts {}
}
