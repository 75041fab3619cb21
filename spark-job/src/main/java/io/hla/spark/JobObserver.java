package io.hla.spark;

/**
 * Is told what a job does while it does it. Called on the thread that runs the job, but for {@link
 * #progress}, which Spark's listener thread calls. What an observer throws ends the job.
 */
public interface JobObserver {
  /** Tells nobody. */
  JobObserver NONE = new JobObserver() {};

  /** A phase begins; {@code doing} is for people. */
  default void phaseStarted(String phase, String doing) {}

  /** The share of the phase that is done, from 0 to 1: tasks that ended, of all that are known. */
  default void progress(String phase, double share) {}

  /** A phase ended, well or with a failure. */
  default void phaseEnded(PhaseFigures phase) {}

  /** A figure of the job: a number, a text, or a list of these. */
  default void figure(Figure figure, Object value) {}

  /** Something that the user should know and that is no error. */
  default void warning(String message) {}
}
