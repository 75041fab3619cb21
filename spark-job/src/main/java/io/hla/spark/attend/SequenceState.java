package io.hla.spark.attend;

import io.hla.kernels.State;
import io.hla.spark.input.SequenceKey;

/**
 * Where a sequence stands between two jobs.
 *
 * @param sequence its key
 * @param nextPosition the position that its next token has
 * @param state what stands in front of that token
 */
public record SequenceState(SequenceKey sequence, long nextPosition, State state) {}
