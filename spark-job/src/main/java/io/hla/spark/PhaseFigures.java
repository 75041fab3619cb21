package io.hla.spark;

/**
 * What a phase of a job took.
 *
 * @param name of the phase; several may have the same
 * @param doing what was done, for people
 * @param seconds from its beginning to its end
 * @param tasks that ended well
 * @param failedTasks that did not, retries among them
 * @param taskSeconds of all tasks together
 * @param medianTaskSeconds of the task in the middle
 * @param longestTaskSeconds of the task that took longest
 * @param bytesRead from files, as far as Spark counts them
 * @param bytesWritten to files
 * @param bytesShuffled written for other tasks
 */
public record PhaseFigures(
    String name,
    String doing,
    double seconds,
    int tasks,
    int failedTasks,
    double taskSeconds,
    double medianTaskSeconds,
    double longestTaskSeconds,
    long bytesRead,
    long bytesWritten,
    long bytesShuffled) {

  /** A phase without tasks. */
  public static PhaseFigures of(String name, String doing, double seconds) {
    return new PhaseFigures(name, doing, seconds, 0, 0, 0, 0, 0, 0, 0, 0);
  }
}
