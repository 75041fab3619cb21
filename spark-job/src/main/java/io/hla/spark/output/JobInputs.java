package io.hla.spark.output;

import java.util.List;

/**
 * What a job reads, so that no table is written over it.
 *
 * @param tokens files, folders and globs of tokens or text, which must be there
 * @param others files and folders of states, prefixes, models and vocabularies
 * @param names tables that are read by name
 */
public record JobInputs(List<String> tokens, List<String> others, List<String> names) {
  public JobInputs {
    tokens = List.copyOf(tokens);
    others = List.copyOf(others);
    names = List.copyOf(names);
  }

  /** Of a job that reads nothing. */
  public static JobInputs none() {
    return new JobInputs(List.of(), List.of(), List.of());
  }
}
