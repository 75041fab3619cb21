package io.hla.spark.output;

import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkExecutorInfo;

/**
 * A folder that tasks write and that nobody sees yet. Unless it is moved it is deleted, also when a
 * signal ends this JVM.
 */
final class StagingFolder implements AutoCloseable {
  // After Spark's own hook, which ends the tasks.
  private static final int SHUTDOWN_PRIORITY = FileSystem.SHUTDOWN_HOOK_PRIORITY + 20;
  private static final long LONGEST_WAIT_SECONDS = 30;

  private final SparkContext context;
  private final Path path;
  private final Runnable hook = this::delete;
  private volatile boolean moved;

  StagingFolder(SparkContext context, Path path) {
    this.context = context;
    this.path = path;
    ShutdownHookManager.get().addShutdownHook(hook, SHUTDOWN_PRIORITY);
  }

  Path path() {
    return path;
  }

  /** It has another name now: there is nothing to delete. */
  void moved() {
    moved = true;
  }

  @Override
  public void close() {
    if (!moved) {
      awaitTasks();
      delete();
    }
    if (!ShutdownHookManager.get().isShutdownInProgress()) {
      ShutdownHookManager.get().removeShutdownHook(hook);
    }
  }

  // Tasks of a job that failed go on for a moment, and would make the folder once more.
  private void awaitTasks() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_WAIT_SECONDS);
    try {
      while (!context.isStopped() && runningTasks() > 0 && System.nanoTime() < end) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int runningTasks() {
    return Arrays.stream(context.statusTracker().getExecutorInfos())
        .mapToInt(SparkExecutorInfo::numRunningTasks)
        .sum();
  }

  private void delete() {
    if (!moved) {
      delete(context, path);
    }
  }

  /** Deletes a folder; that it cannot be is worth a line, no more. */
  static void delete(SparkContext context, Path path) {
    try {
      path.getFileSystem(context.hadoopConfiguration()).delete(path, true);
    } catch (IOException e) {
      System.err.println("could not delete " + path + ": " + e.getMessage());
    }
  }
}
