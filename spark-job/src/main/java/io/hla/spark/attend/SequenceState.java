package io.hla.spark.attend;

import io.hla.spark.input.SequenceKey;
import java.io.Serializable;

/**
 * Where a sequence stands between two jobs.
 *
 * @param sequence its key
 * @param nextPosition the position that its next token has
 * @param state the bytes of the state in front of that token, or null if nothing stands in front
 */
public record SequenceState(SequenceKey sequence, long nextPosition, byte[] state)
    implements Serializable {}
