package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import io.hla.kernels.Element;
import io.hla.spark.attend.JobParts;
import io.hla.spark.attend.PartitionWork;
import io.hla.spark.passes.OutputPass;
import io.hla.spark.passes.SummaryPass;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.scan.ByteAction;
import io.hla.spark.scan.Node;
import io.hla.spark.scan.TreeItem;
import java.util.Iterator;
import java.util.function.Function;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import scala.Tuple2;

/**
 * Parts of a job that are wrong on purpose; each wraps the real one. Jobs have one sequence and no
 * column of sequences; runs are named by their ranks.
 */
final class WrongParts {
  private WrongParts() {}

  private static <A, B> Iterator<B> map(Iterator<A> all, Function<A, B> change) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return all.hasNext();
      }

      @Override
      public B next() {
        return change.apply(all.next());
      }
    };
  }

  /** The output pass gives another number at one place of one token. */
  record WrongOutput(long position, int place, double number, Element type) implements JobParts {
    @Override
    public PartitionWork<InternalRow> outputs(OutputPass pass) {
      return (partition, rows, runs) ->
          map(
              pass.run(partition, rows, runs),
              row -> row.getLong(0) == position ? wrong(row) : row);
    }

    private InternalRow wrong(InternalRow row) {
      return new GenericInternalRow(new Object[] {position, wrong(row.getArray(1))});
    }

    private ArrayData wrong(ArrayData output) {
      if (type == Element.DOUBLE) {
        double[] numbers = output.toDoubleArray();
        numbers[place] = number;
        return UnsafeArrayData.fromPrimitiveArray(numbers);
      }
      float[] numbers = output.toFloatArray();
      numbers[place] = (float) number;
      return UnsafeArrayData.fromPrimitiveArray(numbers);
    }
  }

  /** The output pass computes a run as if nothing stood in front of it. */
  record RunWithoutState(int rank) implements JobParts {
    @Override
    public PartitionWork<InternalRow> outputs(OutputPass pass) {
      return (partition, rows, runs) ->
          pass.run(partition, rows, map(runs, run -> run.rank() == rank ? run.with(null) : run));
    }
  }

  /** The output pass computes a run with other decays. */
  record RunWithDecay(int rank, AttentionSettings other) implements JobParts {
    @Override
    public PartitionWork<InternalRow> outputs(OutputPass pass) {
      return (partition, rows, runs) ->
          pass.run(
              partition,
              rows,
              map(runs, run -> run.rank() == rank ? wrong(run, pass.settings()) : run));
    }

    private PlannedRun wrong(PlannedRun run, AttentionSettings settings) {
      State state = run.inFront(settings);
      return run.with(State.of(other, state.tokens(), state::matrix).toBytes());
    }
  }

  /**
   * States that come out wrong, and yet claim to have seen the tokens in front of their runs, so
   * that their numbers have to be looked at. Positions start at 0.
   */
  private interface WrongStates extends JobParts {
    @Override
    default JavaRDD<PlannedRun> handedOut(JavaRDD<PlannedRun> runs) {
      return runs.map(WrongStates::counted);
    }

    private static PlannedRun counted(PlannedRun run) {
      if (run.state() == null) {
        return run;
      }
      State state = State.fromBytes(run.state());
      return run.with(State.of(state.settings(), run.run().start(), state::matrix).toBytes());
    }
  }

  /** A run is handed the state in front of the run before it. */
  record StateOfRunBefore(int rank) implements WrongStates {
    @Override
    public JavaRDD<PlannedRun> handedOut(JavaRDD<PlannedRun> runs) {
      int wrong = rank;
      byte[] before = runs.filter(run -> run.rank() == wrong - 1).map(PlannedRun::state).first();
      return WrongStates.super.handedOut(
          runs.map(run -> run.rank() == wrong ? run.with(before) : run));
    }
  }

  /** The first pass takes a run for the next one, and that one for it. */
  record SwappedRuns(int rank) implements WrongStates {
    @Override
    public PartitionWork<Tuple2<Node, byte[]>> summaries(SummaryPass pass) {
      return (partition, rows, runs) ->
          map(pass.run(partition, rows, runs), item -> new Tuple2<>(swapped(item._1()), item._2()));
    }

    private Node swapped(Node node) {
      int index = node.index() == rank ? rank + 1 : node.index() == rank + 1 ? rank : node.index();
      return new Node(node.sequence(), index);
    }
  }

  /** The summary of a run says that it has no tokens. */
  record MissingSummary(int rank, AttentionSettings settings) implements WrongStates {
    @Override
    public PartitionWork<Tuple2<Node, byte[]>> summaries(SummaryPass pass) {
      byte[] none = Summary.identity(settings, pass.step()).toBytes();
      return (partition, rows, runs) ->
          map(
              pass.run(partition, rows, runs),
              item ->
                  item._1().index() == rank
                      ? new Tuple2<>(item._1(), without(TreeItem.unpack(item._2()), none))
                      : item);
    }

    private static byte[] without(TreeItem item, byte[] none) {
      return new TreeItem(item.home(), item.last(), item.first(), item.tail(), none).pack();
    }
  }

  /** The scan combines summaries the other way around. */
  record WrongOrder() implements JobParts {
    @Override
    public ByteAction<State, Summary> action(ByteAction<State, Summary> action) {
      return new Reversed(action);
    }

    private record Reversed(ByteAction<State, Summary> action)
        implements ByteAction<State, Summary> {
      @Override
      public Summary combine(Summary earlier, Summary later) {
        return action.combine(later, earlier);
      }

      @Override
      public State advance(State state, Summary summary) {
        return action.advance(state, summary);
      }

      @Override
      public Summary summary(byte[] bytes) {
        return action.summary(bytes);
      }

      @Override
      public byte[] summaryBytes(Summary summary) {
        return action.summaryBytes(summary);
      }

      @Override
      public byte[] sending(byte[] summary) {
        return action.sending(summary);
      }

      @Override
      public State state(byte[] bytes) {
        return action.state(bytes);
      }

      @Override
      public byte[] stateBytes(State state) {
        return action.stateBytes(state);
      }

      @Override
      public State nothing() {
        return action.nothing();
      }
    }
  }
}
