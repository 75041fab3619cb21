package io.hla.spark.passes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Element;
import io.hla.kernels.Kernels;
import io.hla.spark.ComputeSettings;
import io.hla.spark.GateScale;
import io.hla.spark.runs.PlannedRun;
import io.hla.spark.runs.Run;
import io.hla.spark.runs.RunReader;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenBuffer;
import io.hla.spark.table.TokenRow;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.execution.metric.SQLMetric;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;

/** What a partition holds while it is read. */
class OpenRunsTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(1, 1).operator(Operator.LINEAR).build();
  private static final int BLOCK = AttentionKernel.BLOCK;

  private final Set<Long> open = new HashSet<>();
  private final List<Integer> capacities = new ArrayList<>();
  private final Set<Long> passedOver = new HashSet<>();
  private final List<PlannedRun> runs = new ArrayList<>();
  private final List<InternalRow> rows = new ArrayList<>();

  /** A session that knows whether it is open. */
  private final class Session implements AutoCloseable {
    private final long ordinal;
    private long fed;

    Session(long ordinal) {
      this.ordinal = ordinal;
      assertThat(open.add(ordinal)).isTrue();
    }

    @Override
    public void close() {
      assertThat(open.remove(ordinal)).isTrue();
    }
  }

  @Test
  void nothingIsReadOnceTheTaskHasEnded() {
    plan(0, 3);
    for (int t = 0; t < 3; t++) {
      rows.add(row(0, t));
    }
    OpenRuns<Session> reading = reading();
    reading.close();
    assertThatThrownBy(reading::next).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(reading::checkOpen).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void runsBehindEachOtherShareOneBuffer() {
    for (int s = 0; s < 5; s++) {
      plan(s, 3 * BLOCK + s);
      for (int t = 0; t < 3 * BLOCK + s; t++) {
        rows.add(row(s, t));
      }
    }
    OpenRuns<Session> reading = reading();
    for (int s = 0; s < 5; s++) {
      OpenRun<Session> run = reading.next();
      assertThat(run.hasEnded()).isTrue();
      assertThat(run.tokens().size()).isEqualTo(3 * BLOCK + s);
      assertThat(open).containsExactly((long) s);
    }
    assertThat(reading.next()).isNull();
    // Nothing is left to be closed again.
    reading.close();
    assertThat(open).isEmpty();
    assertThat(capacities).containsExactly(TokenBuffer.fullCapacity(SETTINGS));
  }

  @Test
  void interleavedRunsAreFedInWholeBlocks() {
    int[] lengths = {2 * BLOCK + 5, BLOCK, 3 * BLOCK - 1};
    for (int s = 0; s < lengths.length; s++) {
      plan(s, lengths[s]);
    }
    for (int t = 0; t < 3 * BLOCK; t++) {
      for (int s = 0; s < lengths.length; s++) {
        if (t < lengths[s]) {
          rows.add(row(s, t));
        }
      }
    }
    OpenRuns<Session> reading = reading();
    for (OpenRun<Session> run = reading.next(); run != null; run = reading.next()) {
      assertThat(run.tokens().start()).isEqualTo(run.session().fed);
      run.session().fed += run.tokens().size();
      assertThat(run.hasEnded() || run.session().fed % BLOCK == 0).isTrue();
      long ordinal = run.planned().ordinal();
      assertThat(run.hasEnded()).isEqualTo(run.session().fed == lengths[(int) ordinal]);
      assertThat(open).contains(ordinal);
    }
    // Nothing is left to be closed again.
    reading.close();
    assertThat(open).isEmpty();
    assertThat(capacities).containsExactly(TokenBuffer.fullCapacity(SETTINGS), BLOCK, BLOCK);
  }

  @Test
  void passesOverRunsThatAreNotWanted() {
    for (int s = 0; s < 4; s++) {
      plan(s, BLOCK);
    }
    for (int t = 0; t < BLOCK; t++) {
      for (int s = 0; s < 4; s++) {
        rows.add(row(s, t));
      }
    }
    passedOver.addAll(Set.of(0L, 2L));
    OpenRuns<Session> reading = reading();
    List<Long> fed = new ArrayList<>();
    for (OpenRun<Session> run = reading.next(); run != null; run = reading.next()) {
      assertThat(run.tokens().size()).isEqualTo(BLOCK);
      fed.add(run.planned().ordinal());
    }
    assertThat(fed).containsExactly(1L, 3L);
    assertThat(capacities).containsExactly(TokenBuffer.fullCapacity(SETTINGS), BLOCK);
    assertThat(open).isEmpty();
  }

  @Test
  void closesWhatIsOpenWhenTheTaskEndsEarly() {
    plan(0, 2 * BLOCK);
    plan(1, 2 * BLOCK);
    for (int t = 0; t < 2 * BLOCK; t++) {
      rows.add(row(0, t));
      rows.add(row(1, t));
    }
    OpenRuns<Session> reading = reading();
    assertThat(reading.next()).isNotNull();
    assertThat(open).containsExactlyInAnyOrder(0L, 1L);
    reading.close();
    assertThat(open).isEmpty();
  }

  @Test
  void holdsFewerOpenRunsOfLargerHeads() {
    ComputeSettings compute = ComputeSettings.defaults();
    assertThat(compute.mostOpen(AttentionSettings.builder(16, 16).build())).isBetween(300, 900);
    assertThat(compute.mostOpen(AttentionSettings.builder(64, 64).build())).isBetween(50, 150);
    assertThat(compute.mostOpen(AttentionSettings.builder(128, 128).heads(64, 64).build()))
        .isEqualTo(1);
  }

  private void plan(long sequence, long length) {
    Run run = new Run(0, SequenceKey.of(sequence), 0, length);
    runs.add(new PlannedRun(runs.size(), run, sequence, 0, true, true, false, null));
  }

  private OpenRuns<Session> reading() {
    TokenRow layout =
        new TokenRow(
            List.of("q", "k", "v"),
            List.of(false, false, false),
            GateScale.LINEAR,
            DataTypes.LongType,
            "seq",
            "pos",
            List.of(),
            Element.FLOAT);
    return new OpenRuns<>(
        SETTINGS,
        new RunReader(0, rows.iterator(), layout, runs.iterator()),
        run -> !passedOver.contains(run.ordinal()),
        run -> new Session(run.ordinal()),
        capacity -> {
          capacities.add(capacity);
          return new TokenBuffer(Kernels.java(), SETTINGS, layout, true, false, capacity);
        },
        new SQLMetric("timing", 0));
  }

  private static InternalRow row(long sequence, long position) {
    UnsafeArrayData one = UnsafeArrayData.fromPrimitiveArray(new float[] {1});
    return new GenericInternalRow(new Object[] {position, one, one, one, sequence});
  }
}
