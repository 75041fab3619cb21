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
 * A folder that tasks write and that nobody sees yet. Unless it is kept it is deleted, also when a
 * signal ends this JVM.
 */
final class StagingFolder implements AutoCloseable {
  // After Spark's own hook, which ends the tasks.
  private static final int SHUTDOWN_PRIORITY = FileSystem.SHUTDOWN_HOOK_PRIORITY + 20;
  private static final long LONGEST_WAIT_SECONDS = 30;

  private final SparkContext context;
  private final Path path;
  private final Runnable hook = this::delete;
  private boolean kept;
  private boolean deleted;

  StagingFolder(SparkContext context, Path path) {
    this.context = context;
    this.path = path;
    ShutdownHookManager.get().addShutdownHook(hook, SHUTDOWN_PRIORITY);
  }

  Path path() {
    return path;
  }

  /**
   * From now on it is not deleted.
   *
   * @throws IllegalStateException if this JVM is ending and has begun to delete it
   */
  synchronized void keep() {
    if (deleted) {
      throw new IllegalStateException(path + " is deleted, as this process is asked to end");
    }
    kept = true;
  }

  /** It is deleted once more when it is closed. */
  synchronized void drop() {
    kept = false;
  }

  @Override
  public void close() {
    if (!isKept()) {
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

  private synchronized boolean isKept() {
    return kept;
  }

  private synchronized void delete() {
    if (!kept) {
      deleted = true;
      try {
        path.getFileSystem(context.hadoopConfiguration()).delete(path, true);
      } catch (IOException e) {
        System.err.println("could not delete " + path + ": " + e.getMessage());
      }
    }
  }
}
