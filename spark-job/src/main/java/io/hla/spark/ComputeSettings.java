package io.hla.spark;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Summary;
import io.hla.kernels.AttentionKernel;
import java.io.Serializable;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;

/**
 * How a job computes, apart from what it computes. Of these only the kernels, the instruction set,
 * the order, the cuts and the fan-in have an influence on bits.
 *
 * @param kernels auto, java or native
 * @param instructionSet auto, or the best instruction set that native kernels may use
 * @param order whether tokens are read as stored, sorted first, or whichever the runs ask for
 * @param cutEvery runs also end in front of every multiple of this position; 0 for no such ends
 * @param refuseNonFinite whether NaN and infinity are errors, in the input and where sums overflow
 * @param fanIn children of a node of the prefix tree
 * @param openBytes about the most bytes of sessions and buffers that a task holds for runs of
 *     interleaved sequences
 * @param driverBytes the most bytes of summaries and states, as they lie in memory, that the driver
 *     scans itself
 * @param driverRuns the most runs that the driver lists
 * @param requireStates whether a sequence without an initial state is an error
 */
public record ComputeSettings(
    String kernels,
    String instructionSet,
    InputOrder order,
    long cutEvery,
    boolean refuseNonFinite,
    int fanIn,
    long openBytes,
    long driverBytes,
    int driverRuns,
    boolean requireStates)
    implements Serializable {
  /** Bytes that a native session holds beside what its settings ask for. */
  private static final long SESSION_BYTES = 64L << 10;

  /** Children of a node unless the user says otherwise. */
  public static final int DEFAULT_FAN_IN = 16;

  /** 64 MB; {@code spark.hla.runs.openBytes} sets another. */
  public static final long DEFAULT_OPEN_BYTES = 64L << 20;

  /** 128 MB; {@code spark.hla.scan.driverBytes} sets another. */
  public static final long DEFAULT_DRIVER_BYTES = 128L << 20;

  /** 2^17; {@code spark.hla.scan.driverRuns} sets another. */
  public static final int DEFAULT_DRIVER_RUNS = 1 << 17;

  public ComputeSettings {
    if (fanIn < 2) {
      throw new IllegalArgumentException("fan-in is " + fanIn + ", expected at least 2");
    }
    if (cutEvery < 0) {
      throw new IllegalArgumentException("cutEvery is " + cutEvery + ", expected at least 0");
    }
  }

  public static ComputeSettings defaults() {
    return new ComputeSettings(
        "auto",
        "auto",
        InputOrder.AUTO,
        0,
        true,
        DEFAULT_FAN_IN,
        DEFAULT_OPEN_BYTES,
        DEFAULT_DRIVER_BYTES,
        DEFAULT_DRIVER_RUNS,
        false);
  }

  /** The same with what a session's {@code spark.hla.*} settings say of memory. */
  public ComputeSettings configured(SparkConf conf) {
    return withOpenBytes(conf.getSizeAsBytes("spark.hla.runs.openBytes", openBytes))
        .withDriverBytes(conf.getSizeAsBytes("spark.hla.scan.driverBytes", driverBytes))
        .withDriverRuns(conf.getInt("spark.hla.scan.driverRuns", driverRuns));
  }

  public ComputeSettings withKernels(String name, String set) {
    return new ComputeSettings(
        name,
        set,
        order,
        cutEvery,
        refuseNonFinite,
        fanIn,
        openBytes,
        driverBytes,
        driverRuns,
        requireStates);
  }

  public ComputeSettings withOrder(InputOrder value) {
    return new ComputeSettings(
        kernels,
        instructionSet,
        value,
        cutEvery,
        refuseNonFinite,
        fanIn,
        openBytes,
        driverBytes,
        driverRuns,
        requireStates);
  }

  public ComputeSettings withCutEvery(long positions) {
    return new ComputeSettings(
        kernels,
        instructionSet,
        order,
        positions,
        refuseNonFinite,
        fanIn,
        openBytes,
        driverBytes,
        driverRuns,
        requireStates);
  }

  public ComputeSettings withRefuseNonFinite(boolean value) {
    return new ComputeSettings(
        kernels,
        instructionSet,
        order,
        cutEvery,
        value,
        fanIn,
        openBytes,
        driverBytes,
        driverRuns,
        requireStates);
  }

  public ComputeSettings withFanIn(int value) {
    return new ComputeSettings(
        kernels,
        instructionSet,
        order,
        cutEvery,
        refuseNonFinite,
        value,
        openBytes,
        driverBytes,
        driverRuns,
        requireStates);
  }

  public ComputeSettings withOpenBytes(long bytes) {
    return new ComputeSettings(
        kernels,
        instructionSet,
        order,
        cutEvery,
        refuseNonFinite,
        fanIn,
        bytes,
        driverBytes,
        driverRuns,
        requireStates);
  }

  public ComputeSettings withDriverBytes(long bytes) {
    return new ComputeSettings(
        kernels,
        instructionSet,
        order,
        cutEvery,
        refuseNonFinite,
        fanIn,
        openBytes,
        bytes,
        driverRuns,
        requireStates);
  }

  public ComputeSettings withDriverRuns(int runs) {
    return new ComputeSettings(
        kernels,
        instructionSet,
        order,
        cutEvery,
        refuseNonFinite,
        fanIn,
        openBytes,
        driverBytes,
        runs,
        requireStates);
  }

  public ComputeSettings withRequiredStates(boolean value) {
    return new ComputeSettings(
        kernels,
        instructionSet,
        order,
        cutEvery,
        refuseNonFinite,
        fanIn,
        openBytes,
        driverBytes,
        driverRuns,
        value);
  }

  /** The same job with its scan on the driver, whatever its size, or on executors. */
  public ComputeSettings scannedOn(boolean executors) {
    return executors
        ? withDriverBytes(0).withDriverRuns(0)
        : withDriverBytes(Long.MAX_VALUE).withDriverRuns(Integer.MAX_VALUE);
  }

  /** Bytes of the summaries of one run, those of all scan steps together. */
  public static long summaryBytes(AttentionSettings settings) {
    return IntStream.range(0, Summary.steps(settings))
        .mapToLong(step -> Summary.sizeInBytes(settings, step))
        .sum();
  }

  /** The most runs of interleaved sequences that a task can hold open, at least 1. */
  public int mostOpen(AttentionSettings settings) {
    long width =
        settings.queryWidth()
            + (long) settings.keyWidth()
            + settings.valueWidth()
            + settings.outputWidth();
    long number = settings.precision().isDouble() ? 8 : 4;
    // A buffer, the session's own copy and its signals; matrices in the session, not packed.
    long each =
        SESSION_BYTES
            + 4 * AttentionKernel.BLOCK * (width * number + 8L * settings.gateWidth())
            + 4 * summaryBytes(settings);
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, openBytes / each));
  }
}
