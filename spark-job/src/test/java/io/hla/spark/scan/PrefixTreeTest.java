package io.hla.spark.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.input.Run;
import io.hla.spark.input.SequenceKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Concatenated words show every item that is lost, doubled or out of its place. */
class PrefixTreeTest {
  private static final int ITEMS = 1000;

  static IntStream fanIns() {
    return IntStream.rangeClosed(2, 33);
  }

  @ParameterizedTest
  @MethodSource("fanIns")
  void itemsThatArriveInAnyOrderAreScannedInStreamOrder(int fanIn) {
    List<Run> arrived = new ArrayList<>();
    for (int i = 0; i < ITEMS; i++) {
      arrived.add(new Run(i % 7, SequenceKey.ONLY, 10L * i - 5000, 10));
    }
    Collections.shuffle(arrived, new Random(fanIn));
    List<Run> ranked = RunTable.of(arrived).bySequence().get(SequenceKey.ONLY);
    List<String> items = ranked.stream().map(run -> "<" + run.start() + ">").toList();

    List<String> states = words(fanIn).states("|", items);

    assertThat(states).hasSize(ITEMS + 1);
    StringBuilder expected = new StringBuilder("|");
    for (int i = 0; i <= ITEMS; i++) {
      assertThat(states.get(i))
          .as("in front of item %d, seed %d", i, fanIn)
          .isEqualTo(expected + "");
      expected.append("<").append(10L * i - 5000).append(">");
    }
  }

  @ParameterizedTest
  @MethodSource("fanIns")
  void everyCountHasTheStatesInFrontOfItsItemsAndTheOneBehind(int fanIn) {
    int[] counts = {
      0, 1, 2, 3, 5, 7, 31, 97, 257, fanIn - 1, fanIn, fanIn + 1, fanIn * fanIn, fanIn * fanIn + 1
    };
    for (int count : counts) {
      List<String> items = IntStream.range(0, count).mapToObj(i -> i + ",").toList();
      List<String> states = words(fanIn).states("", items);
      assertThat(states).hasSize(count + 1);
      for (int i = 0; i <= count; i++) {
        assertThat(states.get(i))
            .as("item %d of %d", i, count)
            .isEqualTo(String.join("", items.subList(0, i)));
      }
    }
  }

  /** Rounding depends on what is combined with what, so the same items must always meet. */
  @Test
  void theShapeFollowsFromTheCountAlone() {
    for (int fanIn : new int[] {2, 3, 16}) {
      for (int count : new int[] {1, 17, 100}) {
        Set<String> first = combinations(fanIn, count, "a");
        assertThat(combinations(fanIn, count, "b")).isEqualTo(renamed(first));
      }
    }
  }

  /** No item is combined more often than the tree is high, plus its place within a node. */
  @Test
  void workGrowsWithTheCount() {
    Map<String, Integer> calls = new HashMap<>();
    PrefixTree.Action<Integer, Integer> counting =
        new PrefixTree.Action<>() {
          @Override
          public Integer combine(Integer earlier, Integer later) {
            calls.merge("combine", 1, Integer::sum);
            return earlier + later;
          }

          @Override
          public Integer advance(Integer state, Integer summary) {
            calls.merge("advance", 1, Integer::sum);
            return state + summary;
          }
        };
    List<Integer> items = Collections.nCopies(ITEMS, 1);
    List<Integer> states = new PrefixTree<>(counting, 10).states(0, items);
    assertThat(states).isEqualTo(IntStream.rangeClosed(0, ITEMS).boxed().toList());
    assertThat(calls.get("combine")).isEqualTo(ITEMS - ITEMS / 10 + ITEMS / 10 - ITEMS / 100);
    assertThat(calls.get("advance")).isEqualTo(ITEMS + ITEMS / 10 + ITEMS / 100);
  }

  @Test
  void refusesATreeThatDoesNotNarrow() {
    assertThatThrownBy(() -> words(1)).hasMessage("fan-in is 1, expected at least 2");
  }

  private static PrefixTree<String, String> words(int fanIn) {
    return new PrefixTree<>(new Words(new HashSet<>()), fanIn);
  }

  private static Set<String> combinations(int fanIn, int count, String name) {
    Set<String> calls = new HashSet<>();
    List<String> items = IntStream.range(0, count).mapToObj(i -> name + i).toList();
    new PrefixTree<>(new Words(calls), fanIn).states("", items);
    return calls;
  }

  private static Set<String> renamed(Set<String> calls) {
    Set<String> renamed = new HashSet<>();
    calls.forEach(call -> renamed.add(call.replace('a', 'b')));
    return renamed;
  }

  /** Concatenation; notes what was put together. */
  private record Words(Set<String> calls) implements PrefixTree.Action<String, String> {
    @Override
    public String combine(String earlier, String later) {
      calls.add(earlier + " * " + later);
      return earlier + later;
    }

    @Override
    public String advance(String state, String summary) {
      calls.add(state + " . " + summary);
      return state + summary;
    }
  }
}
