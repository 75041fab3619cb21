package io.hla.spark.attend;

import io.hla.spark.JobObserver;
import io.hla.spark.PhaseFigures;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import org.apache.spark.executor.TaskMetrics;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.StageInfo;
import scala.jdk.javaapi.CollectionConverters;

/** Follows the tasks of the jobs of one phase. */
final class PhaseListener extends SparkListener {
  private final String property;
  private final String id;
  private final String phase;
  private final JobObserver observer;
  private final Set<Integer> stages = new HashSet<>();
  private float[] seconds = new float[16];
  private int announced;
  private int ended;
  private int failed;
  private long bytesRead;
  private long bytesWritten;
  private long bytesShuffled;

  /**
   * @param property of the jobs of the phase
   * @param id its value
   */
  PhaseListener(String property, String id, String phase, JobObserver observer) {
    this.property = property;
    this.id = id;
    this.phase = phase;
    this.observer = observer;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart job) {
    Properties properties = job.properties();
    if (properties != null && id.equals(properties.getProperty(property))) {
      for (StageInfo stage : CollectionConverters.asJava(job.stageInfos())) {
        if (stages.add(stage.stageId())) {
          announced += stage.numTasks();
        }
      }
    }
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd task) {
    if (!stages.contains(task.stageId()) || task.taskInfo() == null) {
      return;
    }
    TaskMetrics metrics = task.taskMetrics();
    if (metrics != null) {
      bytesRead += metrics.inputMetrics().bytesRead();
      bytesWritten += metrics.outputMetrics().bytesWritten();
      bytesShuffled += metrics.shuffleWriteMetrics().bytesWritten();
    }
    if (!task.taskInfo().successful()) {
      failed++;
      return;
    }
    if (ended == seconds.length) {
      seconds = Arrays.copyOf(seconds, 2 * ended);
    }
    seconds[ended++] = task.taskInfo().duration() / 1000f;
    observer.progress(phase, Math.min(1, ended / (double) announced));
  }

  /** What the phase took so far. */
  synchronized PhaseFigures figures(String doing, double phaseSeconds) {
    float[] sorted = Arrays.copyOf(seconds, ended);
    Arrays.sort(sorted);
    double sum = 0;
    for (float task : sorted) {
      sum += task;
    }
    return new PhaseFigures(
        phase,
        doing,
        phaseSeconds,
        ended,
        failed,
        sum,
        ended == 0 ? 0 : sorted[ended / 2],
        ended == 0 ? 0 : sorted[ended - 1],
        bytesRead,
        bytesWritten,
        bytesShuffled);
  }
}
