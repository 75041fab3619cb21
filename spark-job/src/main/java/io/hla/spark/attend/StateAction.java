package io.hla.spark.attend;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.State;
import io.hla.kernels.Summary;
import io.hla.spark.scan.DistributedTree.ByteAction;
import java.util.Map;
import org.apache.spark.broadcast.Broadcast;

/**
 * How summaries act on states.
 *
 * @param initial states in front of sequences, by ordinal; others start from nothing
 * @param metrics what was done is counted there
 */
record StateAction(
    AttentionSettings settings, Broadcast<Map<Integer, byte[]>> initial, JobMetrics metrics)
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
  public State first(int sequence) {
    byte[] bytes = initial.value().get(sequence);
    return bytes == null ? State.initial(settings) : State.fromBytes(bytes);
  }
}
