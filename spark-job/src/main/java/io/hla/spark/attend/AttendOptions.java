package io.hla.spark.attend;

import io.hla.kernels.AttentionSettings;
import java.io.Serializable;

/**
 * How a job computes, apart from what it computes.
 *
 * @param kernels auto, java or native
 * @param instructionSet auto, or the best instruction set that native kernels may use
 * @param order whether tokens are read as stored, sorted first, or whichever the runs ask for
 * @param refuseNonFinite whether NaN and infinity in the input are errors
 * @param fanIn children of a node of the prefix tree
 * @param openBytes about the most bytes of sessions and buffers that a task holds for runs whose
 *     rows take turns
 * @param driverBytes the most bytes of summaries that the driver scans itself
 */
public record AttendOptions(
    String kernels,
    String instructionSet,
    InputOrder order,
    boolean refuseNonFinite,
    int fanIn,
    long openBytes,
    long driverBytes)
    implements Serializable {
  /** Children of a node unless the user says otherwise. */
  public static final int DEFAULT_FAN_IN = 16;

  /** 64 MB; {@code spark.hla.runs.openBytes} sets another. */
  public static final long DEFAULT_OPEN_BYTES = 64L << 20;

  /** 256 MB; {@code spark.hla.scan.driverBytes} sets another. */
  public static final long DEFAULT_DRIVER_BYTES = 256L << 20;

  /** How the order of the stored rows is treated. */
  public enum InputOrder {
    /** As stored, unless the table has so many runs that sorting it costs less. */
    AUTO,
    /** As stored. */
    STORED,
    /** Sorted by sequence and position first. */
    SORT
  }

  public static AttendOptions defaults() {
    return new AttendOptions(
        "auto",
        "auto",
        InputOrder.AUTO,
        true,
        DEFAULT_FAN_IN,
        DEFAULT_OPEN_BYTES,
        DEFAULT_DRIVER_BYTES);
  }

  /** Bytes of a token's arrays as a shuffle would move them. */
  static long tokenBytes(AttentionSettings settings) {
    long width = settings.queryWidth() + (long) settings.keyWidth() + settings.valueWidth();
    return width * (settings.precision().isDouble() ? 8 : 4);
  }
}
