package io.hla.spark.attend;

import io.hla.spark.input.TokenBuffer;

/**
 * A run that has begun and not ended while its partition is read.
 *
 * @param <S> what its tokens are fed to
 */
final class OpenRun<S> {
  private final PlannedRun planned;
  private final S session;
  private final TokenBuffer tokens;

  OpenRun(PlannedRun planned, S session, TokenBuffer tokens) {
    this.planned = planned;
    this.session = session;
    this.tokens = tokens;
    tokens.startAt(planned.run().sequence(), planned.run().start());
  }

  PlannedRun planned() {
    return planned;
  }

  S session() {
    return session;
  }

  /** Its tokens that were read and not yet fed. */
  TokenBuffer tokens() {
    return tokens;
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
