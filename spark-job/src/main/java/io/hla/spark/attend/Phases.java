package io.hla.spark.attend;

import io.hla.spark.JobObserver;
import java.util.HashSet;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.StageInfo;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Runs phases of a job: named in Spark's UI, told to an observer. Job groups and tags stay the
 * caller's, and its job description is put back.
 */
public final class Phases {
  private static final String DESCRIPTION = "spark.job.description";
  private static final String PHASE = "spark.hla.phase";

  private final SparkContext context;
  private final JobObserver observer;

  public Phases(SparkContext context, JobObserver observer) {
    this.context = context;
    this.observer = observer;
  }

  /** Runs one phase; {@code doing} is for people. */
  public <T> T run(String phase, String doing, Supplier<T> work) {
    String described = context.getLocalProperty(DESCRIPTION);
    String outer = context.getLocalProperty(PHASE);
    String id = UUID.randomUUID().toString();
    Progress progress = new Progress(id, phase);
    boolean observed = observer != JobObserver.NONE;
    observer.phaseStarted(phase, doing);
    context.setLocalProperty(DESCRIPTION, "HLA " + phase + ": " + doing);
    context.setLocalProperty(PHASE, id);
    if (observed) {
      context.addSparkListener(progress);
    }
    long start = System.nanoTime();
    try {
      return Refusals.endAtOnce(context, work);
    } finally {
      if (observed) {
        context.removeSparkListener(progress);
      }
      context.setLocalProperty(PHASE, outer);
      context.setLocalProperty(DESCRIPTION, described);
      observer.phaseEnded(phase, (System.nanoTime() - start) / 1e9);
    }
  }

  /** The same for work without a result. */
  public void run(String phase, String doing, Runnable work) {
    run(
        phase,
        doing,
        () -> {
          work.run();
          return null;
        });
  }

  /** Counts the tasks of the jobs of one phase. */
  private final class Progress extends SparkListener {
    private final String id;
    private final String phase;
    private final Set<Integer> stages = new HashSet<>();
    private int tasks;
    private int done;

    Progress(String id, String phase) {
      this.id = id;
      this.phase = phase;
    }

    @Override
    public void onJobStart(SparkListenerJobStart job) {
      Properties properties = job.properties();
      if (properties != null && id.equals(properties.getProperty(PHASE))) {
        for (StageInfo stage : CollectionConverters.asJava(job.stageInfos())) {
          if (stages.add(stage.stageId())) {
            tasks += stage.numTasks();
          }
        }
      }
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd task) {
      if (stages.contains(task.stageId())
          && task.taskInfo() != null
          && task.taskInfo().successful()) {
        done++;
        observer.progress(phase, Math.min(1, done / (double) tasks));
      }
    }
  }
}
