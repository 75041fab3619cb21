package io.hla.spark.attend;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.kernels.AttentionKernel;
import io.hla.kernels.AttentionSettings;
import io.hla.kernels.Operator;
import io.hla.spark.input.HeadSizes;
import io.hla.spark.input.Run;
import io.hla.spark.input.RunReader;
import io.hla.spark.input.SequenceKey;
import io.hla.spark.input.TokenBuffer;
import io.hla.spark.input.TokenRow;
import io.hla.spark.scan.Node;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;

/** What a partition holds while it is read. */
class OpenRunsTest {
  private static final AttentionSettings SETTINGS =
      AttentionSettings.builder(1, 1).operator(Operator.LINEAR).build();
  private static final int BLOCK = AttentionKernel.BLOCK;

  private final Set<Integer> open = new HashSet<>();
  private final List<Integer> capacities = new ArrayList<>();
  private final List<PlannedRun> runs = new ArrayList<>();
  private final List<InternalRow> rows = new ArrayList<>();

  /** A session that knows whether it is open. */
  private final class Session implements AutoCloseable {
    private final int ordinal;
    private long fed;

    Session(int ordinal) {
      this.ordinal = ordinal;
      assertThat(open.add(ordinal)).isTrue();
    }

    @Override
    public void close() {
      assertThat(open.remove(ordinal)).isTrue();
    }
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
      assertThat(open).containsExactly(s);
    }
    assertThat(reading.next()).isNull();
    // Nothing is left to be closed again.
    reading.close();
    assertThat(open).isEmpty();
    assertThat(capacities).containsExactly(TokenBuffer.fullCapacity(SETTINGS));
  }

  @Test
  void runsThatTakeTurnsAreFedInWholeBlocks() {
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
      int ordinal = run.planned().ordinal();
      assertThat(run.hasEnded()).isEqualTo(run.session().fed == lengths[ordinal]);
      assertThat(open).contains(ordinal);
    }
    // Nothing is left to be closed again.
    reading.close();
    assertThat(open).isEmpty();
    assertThat(capacities).containsExactly(TokenBuffer.fullCapacity(SETTINGS), BLOCK, BLOCK);
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
    assertThat(open).containsExactlyInAnyOrder(0, 1);
    reading.close();
    assertThat(open).isEmpty();
  }

  @Test
  void holdsFewerOpenRunsOfLargerHeads() {
    long bytes = AttendOptions.DEFAULT_OPEN_BYTES;
    assertThat(OpenRuns.most(AttentionSettings.builder(16, 16).build(), bytes)).isBetween(300, 900);
    assertThat(OpenRuns.most(AttentionSettings.builder(64, 64).build(), bytes)).isBetween(50, 150);
    assertThat(OpenRuns.most(AttentionSettings.builder(128, 128).heads(64, 64).build(), bytes))
        .isEqualTo(1);
  }

  private void plan(long sequence, long length) {
    int ordinal = runs.size();
    Run run = new Run(0, SequenceKey.of(sequence), 0, length);
    runs.add(new PlannedRun(ordinal, run, new Node(ordinal, 0), true, true));
  }

  private OpenRuns<Session> reading() {
    TokenRow layout =
        new TokenRow(
            List.of("q", "k", "v"),
            List.of(false, false, false),
            DataTypes.LongType,
            "seq",
            "pos",
            List.of(),
            new HeadSizes(1, 1));
    return new OpenRuns<>(
        SETTINGS,
        runs,
        new RunReader(0, rows.iterator(), layout, RunPlan.stored(runs)),
        run -> true,
        run -> new Session(run.ordinal()),
        capacity -> {
          capacities.add(capacity);
          return new TokenBuffer(SETTINGS, layout, true, false, capacity);
        });
  }

  private static InternalRow row(long sequence, long position) {
    UnsafeArrayData one = UnsafeArrayData.fromPrimitiveArray(new float[] {1});
    return new GenericInternalRow(new Object[] {position, one, one, one, sequence});
  }
}
