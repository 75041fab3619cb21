package io.hla.spark.attend;

import java.util.Locale;
import java.util.Optional;
import org.apache.spark.SparkConf;

/**
 * The room that an executor has outside its heap.
 *
 * @param tasks that it runs at once
 * @param overheadBytes outside the heap of a container that is killed when it takes more; null
 *     where nothing limits it
 */
record ExecutorMemory(int tasks, Long overheadBytes) {
  private static final long MEGABYTE = 1L << 20;

  /** What a JVM takes for itself: classes, threads, compiled code, network buffers. */
  private static final long OF_THE_JVM = 256 * MEGABYTE;

  private static final String OVERHEAD = "spark.executor.memoryOverhead";

  static ExecutorMemory of(SparkConf conf, String master) {
    boolean isLocal = master.startsWith("local") && !master.startsWith("local-cluster");
    boolean isContained = master.startsWith("yarn") || master.startsWith("k8s");
    int cores =
        isLocal
            ? Runtime.getRuntime().availableProcessors()
            : conf.getInt(
                "spark.executor.cores",
                isContained ? 1 : Runtime.getRuntime().availableProcessors());
    int tasks = Math.max(1, cores / conf.getInt("spark.task.cpus", 1));
    return new ExecutorMemory(tasks, isContained ? overhead(conf) : null);
  }

  /** Spark's own rule for what a container has beside the heap. */
  private static long overhead(SparkConf conf) {
    if (conf.contains(OVERHEAD)) {
      return conf.getSizeAsMb(OVERHEAD, "0") * MEGABYTE;
    }
    double factor = conf.getDouble("spark.executor.memoryOverheadFactor", 0.1);
    long least = conf.getSizeAsMb("spark.executor.minMemoryOverhead", "384m");
    long heap = conf.getSizeAsMb("spark.executor.memory", "1g");
    return MEGABYTE * Math.max((long) (factor * heap), least);
  }

  /** What is wrong if each task may take so many bytes outside the heap. */
  Optional<String> problem(long taskBytes) {
    if (overheadBytes == null || tasks * taskBytes + OF_THE_JVM <= overheadBytes) {
      return Optional.empty();
    }
    long needed = (tasks * taskBytes + OF_THE_JVM + MEGABYTE - 1) / MEGABYTE;
    return Optional.of(
        String.format(
            Locale.ROOT,
            "tasks may take %,d MB outside the heap of an executor (%d at once), which has %,d MB"
                + " there: give it --conf %s=%dm, fewer cores, or a smaller"
                + " spark.hla.runs.openBytes",
            tasks * taskBytes / MEGABYTE,
            tasks,
            overheadBytes / MEGABYTE,
            OVERHEAD,
            needed));
  }
}
