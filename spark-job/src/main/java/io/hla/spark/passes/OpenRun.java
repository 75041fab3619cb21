package io.hla.spark.passes;

import io.hla.spark.runs.PlannedRun;
import io.hla.spark.table.TokenBuffer;

/**
 * A run that has begun and not ended while its partition is read.
 *
 * @param session what its tokens are fed to
 * @param tokens those that were read and not yet fed
 */
record OpenRun<S>(PlannedRun planned, S session, TokenBuffer tokens) {

  OpenRun {
    tokens.startAt(planned.run().sequence(), planned.run().start());
  }

  /** The position behind the tokens that were read. */
  long next() {
    return tokens.start() + tokens.size();
  }

  /** Whether all of its tokens were read. */
  boolean hasEnded() {
    return next() == planned.run().end();
  }
}
