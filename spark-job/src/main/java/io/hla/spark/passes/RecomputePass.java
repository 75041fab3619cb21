package io.hla.spark.passes;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Element;
import io.hla.kernels.Recomputation;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.runs.Run;
import io.hla.spark.runs.RunReader;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenRow;
import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;

/**
 * Computes runs again, token by token in double, each from the job's own state in front of it, and
 * compares the job's outputs one by one. With the states behind the runs, which are compared with
 * the job's in turn, that is a proof by induction.
 *
 * @param share of the runs that are computed again, 1 for all
 * @param seed chooses them
 */
public record RecomputePass(TokenRow layout, AttentionSettings settings, double share, long seed)
    implements Serializable {

  /** Tokens and runs of one partition. */
  public record Input(int partition, Iterator<InternalRow> rows, Iterator<PlannedRun> runs) {}

  /**
   * The packed {@link RunProof}s of the chosen runs of one partition.
   *
   * @param outputs the job's rows ([seq], pos, o, ..)
   */
  public Iterator<byte[]> run(Input input, Iterator<InternalRow> outputs) {
    return new Proofs(input, outputs);
  }

  private boolean isChosen(PlannedRun run) {
    long place = 31 * run.run().start() + run.run().sequence().hashCode();
    return share >= 1 || new SplittableRandom(seed ^ place).split().nextDouble() < share;
  }

  /** A token whose output was computed again and is awaited. */
  private record Pending(Again run, long position, Expected expected) {}

  /** A run while it is computed again. */
  private static final class Again {
    final PlannedRun planned;

    /** Null where the run is not chosen. */
    final Recomputation stream;

    long position;
    long awaited;
    long tokens;
    double worst;
    long worstPosition;
    long unbounded;

    Again(PlannedRun planned, Recomputation stream) {
      this.planned = planned;
      this.stream = stream;
      this.position = planned.run().start();
      this.worstPosition = position;
      this.awaited = planned.run().length();
    }
  }

  private final class Proofs implements Iterator<byte[]> {
    private final Iterator<InternalRow> outputs;
    private final RunReader tokens;
    private final Map<Long, Again> open = new HashMap<>();
    private final Map<SequenceKey, Deque<Pending>> pending = new HashMap<>();
    private final Deque<byte[]> proofs = new ArrayDeque<>();
    private final int position = layout.sequenceType() == null ? 0 : 1;
    private final double[][] numbers = new double[layout.names().size()][];
    private boolean ended;

    Proofs(Input input, Iterator<InternalRow> outputs) {
      this.outputs = outputs;
      tokens = new RunReader(input.partition(), input.rows(), layout, input.runs());
      int[] widths = {
        settings.queryWidth(), settings.keyWidth(), settings.valueWidth(), settings.gateWidth()
      };
      Arrays.setAll(numbers, column -> new double[widths[column]]);
    }

    @Override
    public boolean hasNext() {
      while (proofs.isEmpty() && !ended) {
        if (outputs.hasNext()) {
          take(outputs.next());
        } else {
          end();
        }
      }
      return !proofs.isEmpty();
    }

    @Override
    public byte[] next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return proofs.remove();
    }

    private void take(InternalRow row) {
      SequenceKey sequence =
          position == 0 ? SequenceKey.ONLY : SequenceKey.view(row.get(0, layout.sequenceType()));
      Pending token = first(sequence);
      while (token == null && readToken()) {
        token = first(sequence);
      }
      if (token == null || token.position != row.getLong(position)) {
        fail(
            SequenceKey.of(sequence.value()),
            row.getLong(position),
            token == null
                ? "an output of a token that is not there"
                : "an output where that of position " + token.position + " is due");
        return;
      }
      pending.get(sequence).remove();
      if (token.run.stream != null) {
        compare(token, row.getArray(position + 1));
      }
      if (--token.run.awaited == 0) {
        open.remove(token.run.planned.ordinal());
        if (token.run.stream != null) {
          proofs.add(proof(token.run));
        }
      }
    }

    private Pending first(SequenceKey sequence) {
      Deque<Pending> tokensOfSequence = pending.get(sequence);
      return tokensOfSequence == null ? null : tokensOfSequence.peek();
    }

    /** Computes the next token of the partition again; false at its end. */
    private boolean readToken() {
      if (!tokens.next()) {
        return false;
      }
      PlannedRun planned = tokens.run();
      Again run = open.computeIfAbsent(planned.ordinal(), ordinal -> begin(planned));
      Expected expected = null;
      if (run.stream != null) {
        for (int column = 0; column < numbers.length; column++) {
          layout.copy(tokens.row(), column, settings, numbers[column]);
        }
        run.stream.next(numbers[0], numbers[1], numbers[2], layout.isGated() ? numbers[3] : null);
        expected = Expected.of(run.stream, settings, layout.output());
      }
      pending
          .computeIfAbsent(planned.run().sequence(), sequence -> new ArrayDeque<>())
          .add(new Pending(run, run.position++, expected));
      return true;
    }

    private Again begin(PlannedRun run) {
      return new Again(run, isChosen(run) ? new Recomputation(run.inFront(settings)) : null);
    }

    private void compare(Pending token, ArrayData actual) {
      Again run = token.run;
      run.tokens++;
      for (int i = 0; i < token.expected.values().length; i++) {
        double number =
            layout.output() == Element.DOUBLE ? actual.getDouble(i) : actual.getFloat(i);
        run.unbounded += token.expected.allowed()[i] == Double.POSITIVE_INFINITY ? 1 : 0;
        double off = token.expected.offBy(i, number);
        // NaN stays the worst.
        if (!(off <= run.worst) && !Double.isNaN(run.worst)) {
          run.worst = off;
          run.worstPosition = token.position;
        }
      }
    }

    private byte[] proof(Again run) {
      return new RunProof(
              run.planned.run().sequence(),
              run.planned.run().start(),
              run.planned.run().end(),
              run.tokens,
              run.worst,
              run.worstPosition,
              run.unbounded,
              null,
              run.stream.state().toBytes(),
              run.stream.allowedState().toBytes())
          .pack();
    }

    private void end() {
      ended = true;
      if (tokens.next()) {
        Run next = tokens.run().run();
        fail(next.sequence(), next.start(), "no output behind it");
      }
      for (Deque<Pending> left : pending.values()) {
        if (!left.isEmpty()) {
          Pending token = left.peek();
          fail(token.run.planned.run().sequence(), token.position, "no output of this token");
        }
      }
    }

    private void fail(SequenceKey sequence, long at, String problem) {
      ended = true;
      byte[] none = new byte[0];
      proofs.add(new RunProof(sequence, at, at, 0, 0, at, 0, problem, none, none).pack());
    }
  }
}
