package io.hla.spark.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.runs.Home;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.Tuple2;

/** The tree on executors does, combination by combination, what the one on the driver does. */
class DistributedTreeTest {
  /** Makes every node a partition of its own. */
  private static final long HUGE = 1L << 40;

  private static final int[] COUNTS = {1, 37, 2, 16, 17, 3};

  @ParameterizedTest
  @CsvSource({"2, true", "2, false", "3, true", "5, false", "16, true", "16, false", "40, true"})
  void givesTheStatesOfThePrefixTree(int fanIn, boolean withLast) {
    int runs = IntStream.of(COUNTS).sum();
    Forest forest = Forest.of(COUNTS, Forest.dealt(runs, 4, 1, new Random(fanIn)), fanIn, withLast);
    for (long itemBytes : new long[] {1, HUGE}) {
      DistributedTree<String, String> tree =
          new DistributedTree<>(
              new Brackets(),
              fanIn,
              List.of(forest.distributed(fanIn)),
              List.of((long) runs),
              37,
              itemBytes);
      tree.combine();
      List<JavaPairRDD<Home, byte[]>> states = tree.states();
      assertThat(states).hasSize(tree.levels());
      for (JavaPairRDD<Home, byte[]> groups : states.subList(1, states.size())) {
        assertThat(groups.count()).as("groups have no home").isZero();
      }
      Map<Home, String> inFront = new HashMap<>();
      Forest.once(states.get(0))
          .forEach(
              (home, packed) -> {
                HomeState state = HomeState.unpack(packed);
                assertThat(state.level()).isZero();
                assertThat(forest.homes().get(state.node())).isEqualTo(home);
                inFront.put(home, Brackets.text(state.state()));
              });
      assertThat(inFront).isEqualTo(forest.inFront());
      assertThat(Forest.behind(tree)).isEqualTo(forest.behind());
      assertThat(tree.levels()).isEqualTo(levels(37, fanIn));
    }
  }

  /** Of 18 runs with fan-in 2, the first eight come as two groups of four, two levels up. */
  @Test
  void takesGroupsThatWereMadeElsewhere() {
    Forest forest = Forest.of(new int[] {18}, Forest.dealt(18, 1, 1, new Random(1)), 2, true);
    List<Tuple2<Node, TreeItem>> groups = new ArrayList<>();
    for (int group = 0; group < 2; group++) {
      int at = 4 * group;
      String word = String.format("((0.%d 0.%d) (0.%d 0.%d))", at, at + 1, at + 2, at + 3);
      groups.add(
          new Tuple2<>(
              new Node(0, group),
              new TreeItem(new Home(7, group), false, null, null, Brackets.bytes(word))));
    }
    DistributedTree<String, String> tree =
        new DistributedTree<>(
            new Brackets(),
            2,
            Arrays.asList(
                Forest.distributed(forest.items().subList(8, 18), 1),
                null,
                Forest.distributed(groups, 2)),
            List.of(10L, 0L, 2L),
            18,
            HUGE);
    tree.combine();
    List<JavaPairRDD<Home, byte[]>> states = tree.states();
    assertThat(states).hasSize(5);
    assertThat(Forest.behind(tree)).isEqualTo(forest.behind());
    Map<Home, byte[]> runs = Forest.once(states.get(0));
    assertThat(runs).hasSize(10);
    runs.forEach(
        (home, packed) ->
            assertThat(Brackets.text(HomeState.unpack(packed).state()))
                .isEqualTo(forest.inFront().get(home)));
    Map<Home, byte[]> homes = Forest.once(states.get(2));
    assertThat(homes).containsOnlyKeys(new Home(7, 0), new Home(7, 1));
    homes.forEach(
        (home, packed) -> {
          HomeState state = HomeState.unpack(packed);
          int group = (int) home.ordinal();
          assertThat(state.level()).isEqualTo(2);
          assertThat(state.node()).isEqualTo(new Node(0, group));
          assertThat(Brackets.text(state.state()))
              .isEqualTo(forest.inFront().get(forest.homes().get(new Node(0, 4 * group))));
        });
  }

  private static int levels(int count, int fanIn) {
    int levels = 1;
    for (int nodes = count; nodes > fanIn; nodes = (nodes + fanIn - 1) / fanIn) {
      levels++;
    }
    return levels;
  }
}
