package io.hla.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.SparkSession;

/** The jobs of a context from when it was opened, with what their callers said of them. */
public final class JobLog extends SparkListener implements AutoCloseable {
  private final SparkContext context;
  private final List<Job> jobs = new ArrayList<>();

  /**
   * One job.
   *
   * @param tags separated by commas
   * @param execution id of the SQL execution that it is part of
   */
  public record Job(String description, String group, String tags, String execution) {}

  private JobLog(SparkContext context) {
    this.context = context;
  }

  public static JobLog of(SparkSession spark) {
    JobLog log = new JobLog(spark.sparkContext());
    log.settle();
    log.context.addSparkListener(log);
    return log;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    Properties properties = start.properties();
    jobs.add(
        new Job(
            properties.getProperty("spark.job.description"),
            properties.getProperty("spark.jobGroup.id"),
            properties.getProperty("spark.job.tags"),
            properties.getProperty("spark.sql.execution.id")));
  }

  /** All jobs so far. */
  public List<Job> jobs() {
    settle();
    synchronized (this) {
      return List.copyOf(jobs);
    }
  }

  /** Waits for the news of what has happened. */
  private void settle() {
    try {
      context.listenerBus().waitUntilEmpty();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    context.removeSparkListener(this);
  }
}
