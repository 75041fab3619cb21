package io.hla.spark.scan;

/**
 * The action of a {@link PrefixTree} on bytes, as they travel.
 *
 * @param <S> state
 * @param <M> summary
 */
public interface ByteAction<S, M> extends PrefixTree.Action<S, M> {
  M summary(byte[] bytes);

  byte[] summaryBytes(M summary);

  S state(byte[] bytes);

  byte[] stateBytes(S state);

  /** The same bytes; told of every summary of a group that goes to the next level. */
  default byte[] sending(byte[] summary) {
    return summary;
  }

  /** The state in front of a sequence that starts from nothing. */
  S nothing();
}
