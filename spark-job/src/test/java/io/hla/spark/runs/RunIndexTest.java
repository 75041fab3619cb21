package io.hla.spark.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.kernels.Element;
import io.hla.kernels.KernelId;
import io.hla.spark.GateScale;
import io.hla.spark.InputException;
import io.hla.spark.TestSpark;
import io.hla.spark.table.SequenceKey;
import io.hla.spark.table.TokenRow;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;

/** What the driver learns of the runs of all partitions. */
class RunIndexTest {
  private static final TokenRow LAYOUT =
      new TokenRow(
          List.of("q", "k", "v"),
          List.of(false, false, false),
          GateScale.LINEAR,
          DataTypes.LongType,
          "seq",
          "pos",
          List.of(),
          Element.FLOAT);
  private static final KernelId AVX2 = new KernelId("native", "avx2", "amd64");
  private static final KernelId AVX512 = new KernelId("native", "avx512", "amd64");

  private final JavaSparkContext context =
      JavaSparkContext.fromSparkContext(TestSpark.open().sparkContext());

  @Test
  void fewRunsComeToTheDriver() {
    RunIndex index = RunIndex.of(pass(part(0, 3), part(1, 0), part(2, 2)), 5);
    assertThat(index.isOnDriver()).isTrue();
    assertThat(index.isListed()).isTrue();
    assertThat(index.count()).isEqualTo(5);
    assertThat(index.tokens()).isEqualTo(50);
    assertThat(index.partitions()).isEqualTo(3);
    assertThat(listed(index)).isEqualTo(expected(3, 0, 2));
    assertThat(pieces(index)).isEqualTo(expected(3, 0, 2));
  }

  @Test
  void manyRunsStayWhereTheyLie() {
    RunIndex index = RunIndex.of(pass(part(0, 3), part(1, 1), part(2, 2)), 5);
    assertThat(index.isOnDriver()).isFalse();
    assertThat(index.isListed()).isTrue();
    assertThat(index.count()).isEqualTo(6);
    assertThat(index.tokens()).isEqualTo(60);
    assertThat(listed(index)).isEmpty();
    assertThat(pieces(index)).isEqualTo(expected(3, 1, 2));
    index.forget();
  }

  /** With eight partitions, one sends the driver half of what it takes at most. */
  @Test
  void onePartitionSendsNoMoreThanFourShares() {
    Part[] parts = new Part[8];
    Arrays.setAll(parts, p -> part(p, p == 3 ? 50 : 0));
    assertThat(RunIndex.of(pass(parts), 100).isOnDriver()).isTrue();
    parts[3] = part(3, 51);
    RunIndex index = RunIndex.of(pass(parts), 100);
    assertThat(index.isOnDriver()).isFalse();
    assertThat(pieces(index)).hasSize(51);
    index.forget();
  }

  @Test
  void partitionsThatGaveUpListNothing() {
    RunIndex index = RunIndex.of(pass(part(0, 3), part(1, 2).gaveUp()), 100);
    assertThat(index.isListed()).isFalse();
    assertThat(index.isOnDriver()).isFalse();
    assertThat(listed(index)).isEmpty();
    assertThat(index.count()).isEqualTo(5);
    assertThat(index.tokens()).isEqualTo(50);
    index.forget();
  }

  @Test
  void refusesTheFirstRowThatLacksItsPlace() {
    assertThatThrownBy(
            () ->
                RunIndex.of(
                    pass(part(0, 1), part(1, 0).with("the row"), part(2, 0).with("another")), 100))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_NULL"))
        .hasMessage("the row");
  }

  @Test
  void takesTheLeastKernels() {
    RunIndex index = RunIndex.of(pass(part(0, 1), part(1, 1).on(AVX2), part(2, 1)), 100);
    assertThat(index.kernel()).isEqualTo(AVX2);
    assertThat(index.kernels()).containsExactly("native avx2", "native avx512");
  }

  /** Sequences are in one run each, but for the one of each partition: {@code splits} more runs. */
  @Test
  void weighsFurtherRunsOfASequenceAgainstTheirBytes() {
    AttentionSettings settings = AttentionSettings.builder(64, 64).build();
    double most = IndexTask.mostSplitsPerToken(settings, LAYOUT);
    assertThat(most).isBetween(0.001, 0.1);
    for (int limit : new int[] {0, 1 << 20}) {
      RunIndex few = RunIndex.of(pass(one(0, 400, 1_000_000)), limit);
      RunIndex many = RunIndex.of(pass(one(0, 400, 1000)), limit);
      assertThat(few.isOnDriver()).isEqualTo(limit > 0);
      assertThat(few.sortingCostsLess(settings, LAYOUT)).isFalse();
      assertThat(many.sortingCostsLess(settings, LAYOUT)).isTrue();
      assertThat(RunIndex.of(pass(part(0, 4000)), limit).sortingCostsLess(settings, LAYOUT))
          .as("one run a sequence")
          .isFalse();
      few.forget();
      many.forget();
    }
  }

  /** A partition as the index pass gives it. */
  private record Part(PartitionIndex figures, List<byte[]> pieces) {
    Part gaveUp() {
      return with(figures.problem(), false, figures.kernel());
    }

    Part with(String problem) {
      return with(problem, true, figures.kernel());
    }

    Part on(KernelId kernel) {
      return with(null, true, kernel);
    }

    private Part with(String problem, boolean listed, KernelId kernel) {
      PartitionIndex changed =
          new PartitionIndex(
              figures.partition(),
              figures.tokens(),
              figures.count(),
              listed,
              problem,
              null,
              kernel,
              figures.sketch(),
              List.of());
      return new Part(changed, listed ? pieces : List.of());
    }

    List<byte[]> elements() {
      List<byte[]> elements = new ArrayList<>(pieces);
      elements.add(figures.pack());
      return elements;
    }
  }

  /** {@code runs} sequences of ten tokens each. */
  private static Part part(int partition, int runs) {
    List<Run> all =
        LongStream.range(0, runs)
            .mapToObj(i -> new Run(partition, SequenceKey.of(1000L * partition + i), 0, 10))
            .toList();
    return part(partition, all, 10L * runs);
  }

  /** {@code runs} runs of one sequence. */
  private static Part one(int partition, int runs, long tokens) {
    List<Run> all =
        LongStream.range(0, runs)
            .mapToObj(i -> new Run(partition, SequenceKey.of(7L), i * tokens / runs, 1))
            .toList();
    return part(partition, all, tokens);
  }

  private static Part part(int partition, List<Run> runs, long tokens) {
    ScatterGauge gauge = new ScatterGauge(1);
    runs.forEach(run -> gauge.add(run.sequence(), 0));
    List<byte[]> pieces = new ArrayList<>();
    for (int from = 0; from < runs.size(); from += RunCutter.PIECE) {
      pieces.add(
          PackedRuns.pack(
              partition, from, runs.subList(from, Math.min(runs.size(), from + RunCutter.PIECE))));
    }
    PartitionIndex figures =
        new PartitionIndex(
            partition, tokens, runs.size(), true, null, null, AVX512, gauge.sketch(), List.of());
    return new Part(figures, pieces);
  }

  private JavaRDD<byte[]> pass(Part... parts) {
    List<List<byte[]>> elements = Arrays.stream(parts).map(Part::elements).toList();
    return context.parallelize(elements, parts.length).flatMap(List::iterator);
  }

  private static List<LocatedRun> expected(int... runs) {
    List<LocatedRun> expected = new ArrayList<>();
    for (int partition = 0; partition < runs.length; partition++) {
      for (byte[] piece : part(partition, runs[partition]).pieces()) {
        PackedRuns.unpack(piece).forEachRemaining(expected::add);
      }
    }
    return expected;
  }

  private static List<LocatedRun> listed(RunIndex index) {
    List<LocatedRun> listed = new ArrayList<>();
    index.runs().forEachRemaining(listed::add);
    return listed;
  }

  private List<LocatedRun> pieces(RunIndex index) {
    assertThat(index.pieces(context).getNumPartitions()).isEqualTo(index.partitions());
    List<LocatedRun> runs = new ArrayList<>();
    index.pieces(context).collect().forEach(p -> PackedRuns.unpack(p).forEachRemaining(runs::add));
    return runs;
  }
}
