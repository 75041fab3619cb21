package io.hla.spark.plan;

/** What an attention node gives. */
public enum AttentionTable {
  /** (seq if there is one, pos, output column, kept columns), a row a token. */
  OUTPUTS,
  /** The state behind every sequence, in the columns of a state table. */
  FINAL_STATES,
  /** The state in front of every run, in the columns of a state table. */
  PREFIXES,
  /** The summary of every run: (seq if there is one, start_pos, next_pos, settings, summary). */
  SUMMARIES
}
