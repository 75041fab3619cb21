package io.hla.spark.scan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
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
    List<Node> arrived = new ArrayList<>();
    for (int i = 0; i < ITEMS; i++) {
      arrived.add(new Node(3, i));
    }
    Collections.shuffle(arrived, new Random(fanIn));
    List<String> items =
        new TreeSet<>(arrived).stream().map(node -> "<" + node.index() + ">").toList();

    PrefixTree.Scanned<String> scanned = words(fanIn).scan("|", items, ITEMS);

    assertThat(scanned.inFront()).hasSize(ITEMS);
    StringBuilder expected = new StringBuilder("|");
    for (int i = 0; i < ITEMS; i++) {
      assertThat(scanned.inFront().get(i))
          .as("in front of item %d, seed %d", i, fanIn)
          .isEqualTo(expected.toString());
      expected.append("<").append(i).append(">");
    }
    assertThat(scanned.behind()).isEqualTo(expected.toString());
  }

  @ParameterizedTest
  @MethodSource("fanIns")
  void everyCountHasTheStatesInFrontOfItsItemsAndTheOneBehind(int fanIn) {
    int[] counts = {
      1, 2, 3, 5, 7, 31, 97, 257, fanIn - 1, fanIn, fanIn + 1, fanIn * fanIn, fanIn * fanIn + 1
    };
    for (int count : counts) {
      List<String> items = IntStream.range(0, count).mapToObj(i -> i + ",").toList();
      PrefixTree.Scanned<String> whole = words(fanIn).scan("", items, count);
      assertThat(whole.inFront()).hasSize(count);
      for (int i = 0; i < count; i++) {
        assertThat(whole.inFront().get(i))
            .as("item %d of %d", i, count)
            .isEqualTo(String.join("", items.subList(0, i)));
      }
      assertThat(whole.behind()).isEqualTo(String.join("", items));
      PrefixTree.Scanned<String> open = words(fanIn).scan("", items.subList(0, count - 1), count);
      assertThat(open.inFront()).isEqualTo(whole.inFront());
      assertThat(open.behind()).isNull();
    }
  }

  /** Rounding follows from what is combined with what: the same, whether the last one is there. */
  @Test
  void anAbsentLastItemChangesNothingInFrontOfIt() {
    for (int fanIn : new int[] {2, 3, 16}) {
      for (int count : new int[] {2, 16, 17, 100}) {
        Set<String> whole = calls(fanIn, count, count);
        Set<String> open = calls(fanIn, count, count - 1);
        String last = (count - 1) + ",";
        whole.removeIf(call -> call.endsWith(last));
        assertThat(whole).containsAll(open);
        assertThat(open).as("%d items, fan-in %d", count, fanIn).isSubsetOf(whole).isNotEmpty();
      }
    }
  }

  @Test
  void workGrowsWithTheCount() {
    ArrayList<String> calls = new ArrayList<>();
    List<String> items = Collections.nCopies(ITEMS, "");
    new PrefixTree<>(new Words(calls), 10).scan("", items, ITEMS);
    assertThat(calls.stream().filter(call -> call.contains("*"))).hasSize(900 + 90 + 9);
    assertThat(calls.stream().filter(call -> call.contains("."))).hasSize(900 + 90 + 9 + 1);
  }

  @Test
  void refusesATreeThatDoesNotNarrow() {
    assertThatThrownBy(() -> words(1)).hasMessage("fan-in is 1, expected at least 2");
  }

  private static PrefixTree<String, String> words(int fanIn) {
    return new PrefixTree<>(new Words(new ArrayList<>()), fanIn);
  }

  private static Set<String> calls(int fanIn, int count, int present) {
    ArrayList<String> calls = new ArrayList<>();
    List<String> items = IntStream.range(0, present).mapToObj(i -> i + ",").toList();
    new PrefixTree<>(new Words(calls), fanIn).scan("", items, count);
    return new HashSet<>(calls);
  }

  /** Concatenation; notes what was put together. */
  private record Words(ArrayList<String> calls) implements PrefixTree.Action<String, String> {
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
