package io.hla.spark.attend;

import io.hla.kernels.AttentionSettings;
import io.hla.kernels.State;
import java.io.Serializable;
import java.util.Map;
import org.apache.spark.broadcast.Broadcast;

/**
 * The states in front of runs, by the id of the run, sent to every executor. A run without one
 * starts its sequence.
 */
record RunStates(Broadcast<Map<Integer, byte[]>> states) implements Serializable {

  State of(int run, AttentionSettings settings) {
    byte[] bytes = states.value().get(run);
    return bytes == null ? State.zero(settings) : State.fromBytes(bytes);
  }
}
