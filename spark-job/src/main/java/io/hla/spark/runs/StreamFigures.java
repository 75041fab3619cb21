package io.hla.spark.runs;

import io.hla.spark.InputException;
import io.hla.spark.scan.ScanCost;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.table.SequenceKey;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Iterator;

/**
 * Figures of runs in stream order.
 *
 * @param tokens tokens of all runs
 * @param sequences sequences that have a run
 * @param runs all runs
 * @param scanned runs that take part in the scan
 * @param summarized runs whose summary is needed
 * @param continued sequences that go on from a state
 * @param neighbours runs that take part in the scan and lie in the partition of the one in front
 * @param longest runs of the sequence that has the most
 * @param longestSequence such a sequence, the first of these; null when there is none
 * @param first the first run of the first sequence; null when there is none
 * @param onDriver what a step of the scan costs on the driver
 * @param onExecutors what it costs on executors
 */
public record StreamFigures(
    long tokens,
    long sequences,
    long runs,
    long scanned,
    long summarized,
    long continued,
    long neighbours,
    long longest,
    SequenceKey longestSequence,
    Run first,
    ScanCost onDriver,
    ScanCost onExecutors) {

  static final StreamFigures NONE =
      new StreamFigures(0, 0, 0, 0, 0, 0, 0, 0, null, null, ScanCost.NONE, ScanCost.NONE);

  /** Counts all runs. Throws what {@link RunOrder} throws. */
  static StreamFigures of(Iterator<OrderedRun> ordered, int fanIn, boolean withFinal) {
    Counting counting = new Counting(fanIn, withFinal);
    ordered.forEachRemaining(counting::add);
    return counting.figures();
  }

  private static final class Counting {
    private final int fanIn;
    private final boolean withFinal;
    private long tokens;
    private long sequences;
    private long runs;
    private long scanned;
    private long summarized;
    private long continued;
    private long neighbours;
    private long longest;
    private SequenceKey longestSequence;
    private Run first;
    private ScanCost onDriver = ScanCost.NONE;
    private ScanCost onExecutors = ScanCost.NONE;
    private boolean isContinued;
    private int partition;

    Counting(int fanIn, boolean withFinal) {
      this.fanIn = fanIn;
      this.withFinal = withFinal;
    }

    void add(OrderedRun ordered) {
      Run run = ordered.located().run();
      first = first == null ? run : first;
      tokens += run.length();
      runs++;
      if (ordered.rank() == 0) {
        sequences++;
        isContinued = ordered.continued() != null;
        continued += isContinued ? 1 : 0;
      } else if (run.partition() == partition) {
        neighbours++;
      }
      partition = run.partition();
      if (ordered.scanned()) {
        scanned++;
        summarized += withFinal || !ordered.last() ? 1 : 0;
      }
      if (ordered.last()) {
        int length = ordered.rank() + 1;
        if (length > longest) {
          longest = length;
          longestSequence = run.sequence();
        }
        if (ordered.scanned()) {
          onDriver = onDriver.plus(ScanCost.of(length, fanIn, isContinued, withFinal, false));
          onExecutors = onExecutors.plus(ScanCost.of(length, fanIn, isContinued, withFinal, true));
        }
      }
    }

    StreamFigures figures() {
      return new StreamFigures(
          tokens,
          sequences,
          runs,
          scanned,
          summarized,
          continued,
          neighbours,
          longest,
          longestSequence,
          first,
          onDriver,
          onExecutors);
    }
  }

  /** Of all runs of both. */
  StreamFigures plus(StreamFigures other) {
    boolean otherIsLongest =
        other.longest > longest
            || (other.longest == longest
                && other.longestSequence != null
                && (longestSequence == null
                    || other.longestSequence.compareTo(longestSequence) < 0));
    boolean otherIsFirst =
        other.first != null
            && (first == null || other.first.sequence().compareTo(first.sequence()) < 0);
    return new StreamFigures(
        tokens + other.tokens,
        sequences + other.sequences,
        runs + other.runs,
        scanned + other.scanned,
        summarized + other.summarized,
        continued + other.continued,
        neighbours + other.neighbours,
        Math.max(longest, other.longest),
        otherIsLongest ? other.longestSequence : longestSequence,
        otherIsFirst ? other.first : first,
        onDriver.plus(other.onDriver),
        onExecutors.plus(other.onExecutors));
  }

  byte[] pack() {
    return Packing.pack(
        out -> {
          out.writeBoolean(true);
          for (long number :
              new long[] {
                tokens, sequences, runs, scanned, summarized, continued, neighbours, longest
              }) {
            out.writeLong(number);
          }
          out.writeBoolean(first != null);
          if (first != null) {
            longestSequence.write(out);
            out.writeInt(first.partition());
            first.sequence().write(out);
            out.writeLong(first.start());
            out.writeLong(first.length());
          }
          write(onDriver, out);
          write(onExecutors, out);
        });
  }

  /** The refusal of a partition in place of its figures. */
  static byte[] pack(InputException refused) {
    return Packing.pack(
        out -> {
          out.writeBoolean(false);
          out.writeUTF(refused.condition());
          out.writeUTF(refused.getMessage());
        });
  }

  /** Figures, or the exception that refuses the runs. */
  static Object unpack(byte[] packed) {
    return Packing.unpack(
        packed,
        in -> {
          if (!in.readBoolean()) {
            return new InputException(in.readUTF(), in.readUTF());
          }
          long[] numbers = new long[8];
          for (int i = 0; i < numbers.length; i++) {
            numbers[i] = in.readLong();
          }
          SequenceKey longestSequence = null;
          Run first = null;
          if (in.readBoolean()) {
            longestSequence = SequenceKey.read(in);
            first = new Run(in.readInt(), SequenceKey.read(in), in.readLong(), in.readLong());
          }
          return new StreamFigures(
              numbers[0],
              numbers[1],
              numbers[2],
              numbers[3],
              numbers[4],
              numbers[5],
              numbers[6],
              numbers[7],
              longestSequence,
              first,
              readCost(in),
              readCost(in));
        });
  }

  private static void write(ScanCost cost, DataOutputStream out) throws IOException {
    out.writeLong(cost.combines());
    out.writeLong(cost.advances());
    out.writeLong(cost.summaries());
    out.writeLong(cost.states());
  }

  private static ScanCost readCost(DataInputStream in) throws IOException {
    return new ScanCost(in.readLong(), in.readLong(), in.readLong(), in.readLong());
  }
}
