package io.hla.spark.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.runs.Home;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trees that are begun in partitions are those of {@link PrefixTree}, bracket by bracket. */
class LocalTreesTest {
  private static final int PARTITIONS = 3;

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 5, 7, 16, 40})
  void givesTheStatesOfThePrefixTree(int fanIn) {
    int[] counts = {1, 137, 2, fanIn, fanIn + 1, 64, 3, Math.min(fanIn * fanIn, 400) + 1};
    int runs = IntStream.of(counts).sum();
    for (int longest : new int[] {1, 6, 40, 200}) {
      boolean withLast = longest != 6 && longest != 200;
      List<Home> homes = Forest.dealt(runs, PARTITIONS, longest, new Random(31L * fanIn + longest));
      Forest forest = Forest.of(counts, homes, fanIn, withLast);
      Scan scan = Scan.of(forest, fanIn, IntStream.of(counts).max().getAsInt());
      assertThat(scan.inFront()).as("stretches up to %d", longest).isEqualTo(forest.inFront());
      assertThat(scan.behind()).as("stretches up to %d", longest).isEqualTo(forest.behind());
    }
  }

  /** 1000 runs, 250 a partition: fan-in 10 leaves two hundreds and five tens of each. */
  @Test
  void leavesFewNodesToTheLevelsAbove() {
    List<Home> homes = IntStream.range(0, 1000).mapToObj(i -> new Home(i / 250, i % 250)).toList();
    Forest forest = Forest.of(new int[] {1000}, homes, 10, true);
    Scan scan = Scan.of(forest, 10, 1000);
    assertThat(scan.counts()).containsExactly(0L, 20L, 8L);
    assertThat(scan.inFront()).isEqualTo(forest.inFront());
    assertThat(scan.behind()).isEqualTo(forest.behind());
  }

  /** Nobody asks for the summary of all of a sequence, so its last group is not folded. */
  @Test
  void aSequenceOfOnePartitionLeavesItsLastGroup() {
    List<Home> homes = IntStream.range(0, 110).mapToObj(i -> new Home(1, i)).toList();
    for (boolean withLast : new boolean[] {true, false}) {
      Forest forest = Forest.of(new int[] {100, 7, 3}, homes, 10, withLast);
      Scan scan = Scan.of(forest, 10, 100);
      assertThat(scan.counts()).containsExactly(10L, 10L);
      assertThat(scan.inFront()).isEqualTo(forest.inFront());
      assertThat(scan.behind()).isEqualTo(forest.behind());
    }
  }

  /** One scan, as jobs drive it. */
  private record Scan(List<Long> counts, Map<Home, String> inFront, Map<String, String> behind) {
    static Scan of(Forest forest, int fanIn, int longest) {
      int partitions =
          1 + forest.homes().values().stream().mapToInt(Home::partition).max().getAsInt();
      LocalTrees<String, String> trees =
          new LocalTrees<>(new Brackets(), fanIn, forest.distributed(fanIn), partitions);
      List<Long> counts = trees.counts();
      List<JavaPairRDD<Node, byte[]>> roots = new ArrayList<>();
      for (int level = 0; level < counts.size(); level++) {
        roots.add(trees.roots(level));
      }
      DistributedTree<String, String> tree =
          new DistributedTree<>(new Brackets(), fanIn, roots, counts, longest, 1 << 20);
      tree.combine();
      JavaPairRDD<Home, byte[]> states = null;
      for (JavaPairRDD<Home, byte[]> level : tree.states()) {
        states = states == null ? level : states.union(level);
      }
      Map<Home, byte[]> inFront = Forest.once(trees.states(states));
      return new Scan(counts, Forest.text(inFront), Forest.behind(tree));
    }
  }
}
