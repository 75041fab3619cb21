package io.hla.spark.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.TaskContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Disturbs the tasks of one phase at a definite point, as settings say:
 *
 * <ul>
 *   <li>{@code spark.fault.phase}: pattern of the phase, as jobs carry it in their description
 *   <li>{@code spark.fault.stages}: {@code tokens} (default), the stages with a task a token
 *       partition; {@code scan}, those with fewer tasks; {@code all}
 *   <li>{@code spark.fault.tokenPartitions}: what tells these apart
 *   <li>{@code spark.fault.action}: {@code hold}, {@code halt}, {@code lag} or {@code shuffle}
 *   <li>{@code spark.fault.folder}: takes a file {@code reached-PID} from a JVM that got there
 * </ul>
 */
public final class FaultPlugin implements SparkPlugin {
  /** Tasks that a disturbed stage with several tasks completes first. */
  private static final int UNDISTURBED = 4;

  private static final long HOLD_SECONDS = 240;
  private static final long LAG_SECONDS = 20;
  private static final long LONGEST_PAUSE_MILLIS = 300;

  @Override
  public DriverPlugin driverPlugin() {
    return null;
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Faults();
  }

  private static final class Faults implements ExecutorPlugin {
    private SparkConf conf;
    private Path folder;

    @Override
    public void init(PluginContext context, Map<String, String> extra) {
      conf = context.conf();
      folder = Path.of(conf.get("spark.fault.folder"));
    }

    @Override
    public void onTaskStart() {
      TaskContext task = TaskContext.get();
      String description = String.valueOf(task.getLocalProperty("spark.job.description"));
      if (!description.matches("HLA " + conf.get("spark.fault.phase") + ":.*") || !inStage(task)) {
        return;
      }
      try {
        disturb(task, conf.get("spark.fault.action"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    private boolean inStage(TaskContext task) {
      boolean tokens = task.numPartitions() == conf.getInt("spark.fault.tokenPartitions", 0);
      return switch (conf.get("spark.fault.stages", "tokens")) {
        case "tokens" -> tokens;
        case "scan" -> !tokens;
        default -> true;
      };
    }

    private void disturb(TaskContext task, String action) throws IOException, InterruptedException {
      boolean first = task.attemptNumber() == 0 && task.stageAttemptNumber() == 0;
      boolean late = task.partitionId() >= Math.min(UNDISTURBED, task.numPartitions() - 1);
      switch (action) {
        case "hold" -> {
          if (late) {
            reached();
            hold();
          }
        }
        case "halt" -> {
          if (first && late && task.partitionId() % 8 == UNDISTURBED % task.numPartitions()) {
            reached();
            Runtime.getRuntime().halt(137);
          }
        }
        case "lag" -> {
          if (first && task.partitionId() == UNDISTURBED) {
            TimeUnit.SECONDS.sleep(LAG_SECONDS);
          } else if (!first) {
            reached();
          }
        }
        case "shuffle" -> {
          // Multiples of a number that is prime to the range: tasks end in quite another order.
          long pause = (1 + task.partitionId()) * 7919L % LONGEST_PAUSE_MILLIS;
          reached();
          TimeUnit.MILLISECONDS.sleep(pause);
        }
        default -> throw new IllegalArgumentException("spark.fault.action is " + action);
      }
    }

    private void reached() throws IOException {
      Files.writeString(folder.resolve("reached-" + ProcessHandle.current().pid()), "");
    }

    private void hold() throws InterruptedException {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(HOLD_SECONDS);
      while (!Files.exists(folder.resolve("go"))) {
        if (System.nanoTime() > end) {
          throw new IllegalStateException("nobody let the task go on");
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }
}
