package io.hla.spark.attend;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.spark.passes.JobMetrics;
import io.hla.spark.scan.ByteAction;

/**
 * How summaries act on states.
 *
 * @param metrics what was done is counted there
 */
record StateAction(AttentionSettings settings, JobMetrics metrics)
    implements ByteAction<State, Summary> {

  @Override
  public Summary combine(Summary earlier, Summary later) {
    metrics.combines().add(1);
    return earlier.combine(later);
  }

  @Override
  public State advance(State state, Summary summary) {
    metrics.advances().add(1);
    return state.advance(summary);
  }

  @Override
  public Summary summary(byte[] bytes) {
    return Summary.fromBytes(bytes);
  }

  @Override
  public byte[] summaryBytes(Summary summary) {
    return summary.toBytes();
  }

  @Override
  public byte[] sending(byte[] summary) {
    return metrics.sentSummary(summary);
  }

  @Override
  public State state(byte[] bytes) {
    return State.fromBytes(bytes);
  }

  @Override
  public byte[] stateBytes(State state) {
    return metrics.sentState(state.toBytes());
  }

  @Override
  public State nothing() {
    return State.initial(settings);
  }
}
