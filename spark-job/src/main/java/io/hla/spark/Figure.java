package io.hla.spark;

import java.util.Locale;

/** What a job finds out about its input, its plan and its work, as a report has it. */
public enum Figure {
  /** Tokens of the table. */
  TOKENS(Section.INPUT),
  /** Sequences of the table. */
  SEQUENCES(Section.INPUT),
  /** Sequences that go on from an initial state; there are initial states. */
  CONTINUED_SEQUENCES(Section.INPUT),
  /** Sequences that start from nothing although there are initial states. */
  NEW_SEQUENCES(Section.INPUT),
  /** Initial states of sequences that have no tokens in this table. */
  UNTOUCHED_STATES(Section.INPUT),
  /** Whether rows are read where they are: {@code stored}, or {@code sorted} first. */
  INPUT_ORDER(Section.INPUT),
  /** Why rows that might be read where they are were sorted. */
  SORTED_BECAUSE(Section.INPUT),
  /** Why rows were computed once and kept. */
  MATERIALIZED_BECAUSE(Section.INPUT),
  /** Bytes of the files that hold the table. */
  FILE_BYTES(Section.INPUT),
  /** Bytes of q, k, v and gates before any codec. */
  VECTOR_BYTES(Section.INPUT),
  /** How vectors of Parquet files will be read, as far as their footers tell. */
  READER(Section.INPUT),
  /** Rows whose vectors were taken from Parquet pages as they lie, in all passes. */
  ROWS_FROM_PAGES(Section.INPUT),
  /** Splits of Parquet files whose vectors Spark's reader decoded, in all passes. */
  SPLITS_DECODED(Section.INPUT),

  /** Stretches of consecutive positions of one sequence in one partition. */
  RUNS(Section.PLAN),
  /** Runs that the rows would have if they were not sorted. */
  RUNS_IF_STORED(Section.PLAN),
  /** Runs that sorted rows have at least. */
  LEAST_RUNS(Section.PLAN),
  /** Partitions of the tokens: tasks of a pass. */
  PARTITIONS(Section.PLAN),
  /** Which kernels compute, with their instruction set. */
  KERNELS(Section.PLAN),
  /** Why it is these. */
  KERNELS_BECAUSE(Section.PLAN),
  /** Where summaries are scanned: {@code driver} or {@code executors}. */
  SCANNED_ON(Section.PLAN),
  /** How often summaries are made and scanned. */
  SCAN_STEPS(Section.PLAN),
  /** Why it is more than once. */
  SCAN_STEPS_BECAUSE(Section.PLAN),
  /** Children of a node of the prefix tree. */
  FAN_IN(Section.PLAN),
  /** Levels of the prefix tree of the sequence that has the most runs. */
  SCAN_LEVELS(Section.PLAN),
  /** Combinations of two summaries. */
  COMBINES(Section.PLAN),
  /** Moves of a state past a summary. */
  ADVANCES(Section.PLAN),
  /** Bytes of summaries that go from one task to another. */
  SUMMARY_BYTES_MOVED(Section.PLAN),
  /** Bytes of states that go from one task to another. */
  STATE_BYTES_MOVED(Section.PLAN),
  /** Bytes of the buffer in which a task holds tokens. */
  TASK_BUFFER_BYTES(Section.PLAN),
  /** The most bytes outside the heap that one task of a pass holds. */
  TASK_NATIVE_BYTES(Section.PLAN),
  /** The same for all tasks that an executor runs at once. */
  EXECUTOR_NATIVE_BYTES(Section.PLAN),
  /** Whether hidden vectors between layers are {@code kept} or {@code recomputed}. */
  BETWEEN_LAYERS(Section.PLAN),
  /** Why. */
  BETWEEN_LAYERS_BECAUSE(Section.PLAN),
  /** Bytes of runs, summaries and states on the heap of the driver. */
  DRIVER_BYTES(Section.PLAN),

  /** Seconds of all tasks together in reading tokens, in all passes. */
  READING_SECONDS(Section.JOB),
  /** Seconds of all tasks together in kernels of attention, in all passes. */
  COMPUTING_SECONDS(Section.JOB),
  /** Seconds of all tasks together in a model's layers outside their attention. */
  LAYER_SECONDS(Section.JOB),

  /** Where the outputs are. */
  OUTPUT(Section.OUTPUT),
  /** Where the states behind all sequences are. */
  FINAL_STATE(Section.OUTPUT),
  /** Where the states in front of all runs are. */
  SAVE_PREFIXES(Section.OUTPUT),
  /** Who writes the vectors, and why, if it is not the writer of this project. */
  WRITER(Section.OUTPUT),
  /** Bytes of the outputs before any codec, kept columns not counted. */
  OUTPUT_BYTES(Section.OUTPUT),

  /** Tokens that have a log probability. */
  SCORED_TOKENS(Section.OUTPUT),
  /** The mean of their log probabilities. */
  MEAN_LOG_PROBABILITY(Section.OUTPUT),
  /** The exponential of the negative mean. */
  PERPLEXITY(Section.OUTPUT),
  /** The same for the first hundred sequences, each behind its name. */
  SEQUENCE_PERPLEXITIES(Section.OUTPUT),

  /** The largest error of sampled outputs, relative to the largest output of their head so far. */
  RELATIVE_ERROR(Section.ACCURACY),
  /** All checks with their errors, limits and verdicts. */
  CHECKS(Section.ACCURACY),
  /** {@code holds} or {@code does not hold}. */
  VERDICT(Section.ACCURACY);

  /** Parts of a report. */
  public enum Section {
    JOB,
    INPUT,
    PLAN,
    OUTPUT,
    ACCURACY;

    /** The name in reports. */
    public String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Section section;

  Figure(Section section) {
    this.section = section;
  }

  /** The part of a report that it belongs to. */
  public Section section() {
    return section;
  }

  /** The name in reports, such as {@code summaryBytesMoved}. */
  public String key() {
    StringBuilder key = new StringBuilder();
    for (String word : name().split("_")) {
      key.append(
          key.isEmpty()
              ? word.toLowerCase(Locale.ROOT)
              : word.charAt(0) + lower(word.substring(1)));
    }
    return key.toString();
  }

  /** The same for people: {@code summary bytes moved}. */
  public String words() {
    return name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }
}
