package io.hla.spark.runs;

import io.hla.spark.InputException;
import io.hla.spark.scan.ScanCost;
import io.hla.spark.shuffle.Packing;
import io.hla.spark.state.SequenceState;
import io.hla.spark.table.SequenceKey;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Iterator;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Figures of runs in stream order.
 *
 * @param tokens tokens of all runs
 * @param sequences sequences that have a run
 * @param runs all runs
 * @param scanned runs that take part in the scan
 * @param summarized runs whose summary is needed
 * @param continued sequences that go on from a state
 * @param untouched initial states of sequences that have no run
 * @param neighbours runs that take part in the scan and lie in the partition of the one in front
 * @param longest runs of the sequence that has the most
 * @param longestSequence such a sequence, the first of these; null when there is none
 * @param first the first run of the first sequence; null when there is none
 * @param firstNew the first sequence that goes on from no state; null when there is none
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
    long untouched,
    long neighbours,
    long longest,
    SequenceKey longestSequence,
    Run first,
    SequenceKey firstNew,
    ScanCost onDriver,
    ScanCost onExecutors) {

  static final StreamFigures NONE =
      new StreamFigures(0, 0, 0, 0, 0, 0, 0, 0, 0, null, null, null, ScanCost.NONE, ScanCost.NONE);

  /**
   * Counts all runs. Throws what {@link RunOrder} throws.
   *
   * @param order the runs in order; tells its argument of states without runs
   */
  static StreamFigures of(
      Function<Consumer<SequenceState>, Iterator<OrderedRun>> order, int fanIn, boolean withFinal) {
    Counting counting = new Counting(fanIn, withFinal);
    order.apply(state -> counting.untouched++).forEachRemaining(counting::add);
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
    private long untouched;
    private long neighbours;
    private long longest;
    private SequenceKey longestSequence;
    private Run first;
    private SequenceKey firstNew;
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
        firstNew = firstNew == null && !isContinued ? run.sequence() : firstNew;
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
          untouched,
          neighbours,
          longest,
          longestSequence,
          first,
          firstNew,
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
    boolean otherIsFirstNew =
        other.firstNew != null && (firstNew == null || other.firstNew.compareTo(firstNew) < 0);
    return new StreamFigures(
        tokens + other.tokens,
        sequences + other.sequences,
        runs + other.runs,
        scanned + other.scanned,
        summarized + other.summarized,
        continued + other.continued,
        untouched + other.untouched,
        neighbours + other.neighbours,
        Math.max(longest, other.longest),
        otherIsLongest ? other.longestSequence : longestSequence,
        otherIsFirst ? other.first : first,
        otherIsFirstNew ? other.firstNew : firstNew,
        onDriver.plus(other.onDriver),
        onExecutors.plus(other.onExecutors));
  }

  byte[] pack() {
    return Packing.pack(
        out -> {
          out.writeBoolean(true);
          for (long number :
              new long[] {
                tokens,
                sequences,
                runs,
                scanned,
                summarized,
                continued,
                untouched,
                neighbours,
                longest
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
          out.writeBoolean(firstNew != null);
          if (firstNew != null) {
            firstNew.write(out);
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
          long[] numbers = new long[9];
          for (int i = 0; i < numbers.length; i++) {
            numbers[i] = in.readLong();
          }
          SequenceKey longestSequence = null;
          Run first = null;
          if (in.readBoolean()) {
            longestSequence = SequenceKey.read(in);
            first = new Run(in.readInt(), SequenceKey.read(in), in.readLong(), in.readLong());
          }
          SequenceKey firstNew = in.readBoolean() ? SequenceKey.read(in) : null;
          return new StreamFigures(
              numbers[0],
              numbers[1],
              numbers[2],
              numbers[3],
              numbers[4],
              numbers[5],
              numbers[6],
              numbers[7],
              numbers[8],
              longestSequence,
              first,
              firstNew,
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
