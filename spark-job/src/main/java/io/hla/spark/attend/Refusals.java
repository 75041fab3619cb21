package io.hla.spark.attend;

import io.hla.spark.InputException;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.StageInfo;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Ends Spark jobs at the first input that one of their tasks refuses. Spark takes every failure for
 * one of the machine and tries the task again, on a cluster four times; what is wrong with the
 * input will be so each time.
 */
final class Refusals extends SparkListener {
  private static final String ID = "spark.hla.refusals";

  private final SparkContext context;
  private final String id = UUID.randomUUID().toString();
  private final Set<Integer> stages = ConcurrentHashMap.newKeySet();
  private volatile InputException first;

  private Refusals(SparkContext context) {
    this.context = context;
  }

  /**
   * Does work whose Spark jobs end with the first refusal.
   *
   * @throws InputException what a task has refused
   */
  static <T> T endAtOnce(SparkContext context, Supplier<T> work) {
    Refusals refusals = new Refusals(context);
    String outer = context.getLocalProperty(ID);
    context.setLocalProperty(ID, refusals.id);
    context.addSparkListener(refusals);
    try {
      return work.get();
    } catch (RuntimeException e) {
      throw refusals.first == null ? e : refusals.first;
    } catch (Exception e) {
      // Spark throws checked exceptions that its Java signatures do not declare.
      throw refusals.first == null ? unchecked(e) : refusals.first;
    } finally {
      context.removeSparkListener(refusals);
      context.setLocalProperty(ID, outer);
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Exception> RuntimeException unchecked(Exception e) throws E {
    throw (E) e;
  }

  @Override
  public void onJobStart(SparkListenerJobStart job) {
    Properties properties = job.properties();
    if (properties != null && id.equals(properties.getProperty(ID))) {
      for (StageInfo stage : CollectionConverters.asJava(job.stageInfos())) {
        stages.add(stage.stageId());
      }
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd task) {
    if (first == null
        && stages.contains(task.stageId())
        && task.reason() instanceof ExceptionFailure failure
        && failure.exception().isDefined()) {
      InputException refused = refusal(failure.exception().get());
      if (refused != null) {
        first = refused;
        context.cancelStage(task.stageId(), refused.condition());
      }
    }
  }

  private static InputException refusal(Throwable failure) {
    Throwable cause = failure;
    while (cause != null && !(cause instanceof InputException)) {
      cause = cause.getCause();
    }
    return (InputException) cause;
  }
}
