package io.hla.spark.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.Tuple2;

/** The tree on executors does, combination by combination, what the one on the driver does. */
class DistributedTreeTest {
  /** Makes every node a partition of its own. */
  private static final long HUGE = 1L << 40;

  @ParameterizedTest
  @CsvSource({"2, true", "2, false", "3, true", "5, false", "16, true", "16, false", "40, true"})
  void givesTheStatesOfThePrefixTree(int fanIn, boolean withLast) {
    int[] counts = {1, 37, 2, 16, 17, 3};
    List<Tuple2<Node, byte[]>> items = new ArrayList<>();
    Map<Node, String> inFront = new HashMap<>();
    Map<Integer, String> behind = new HashMap<>();
    for (int sequence = 0; sequence < counts.length; sequence++) {
      int count = counts[sequence];
      List<String> words = words(sequence, count);
      List<String> present = words.subList(0, withLast ? count : count - 1);
      for (int i = 0; i < count; i++) {
        String word = i < present.size() ? words.get(i) : "";
        items.add(new Tuple2<>(new Node(sequence, i), bytes(word)));
      }
      PrefixTree.Scanned<String> expected =
          new PrefixTree<>(new Brackets(), fanIn)
              .scan(new Brackets().first(sequence), present, count);
      for (int i = 0; i < count; i++) {
        inFront.put(new Node(sequence, i), expected.inFront().get(i));
      }
      if (withLast) {
        behind.put(sequence, expected.behind());
      }
    }
    for (long itemBytes : new long[] {1, HUGE}) {
      Collections.shuffle(items, new Random(fanIn));
      DistributedTree<String, String> tree = tree(items, counts, fanIn, itemBytes);
      tree.combine();
      assertThat(text(tree.inFront())).isEqualTo(inFront);
      assertThat(text(tree.behind())).isEqualTo(behind);
      assertThat(tree.levels()).isEqualTo(levels(37, fanIn));
    }
  }

  private static DistributedTree<String, String> tree(
      List<Tuple2<Node, byte[]>> items, int[] counts, int fanIn, long itemBytes) {
    JavaPairRDD<Node, byte[]> distributed =
        JavaSparkContext.fromSparkContext(TestSpark.open().sparkContext())
            .parallelizePairs(items, 4);
    int longest = IntStream.of(counts).max().getAsInt();
    return new DistributedTree<>(
        new Brackets(), fanIn, distributed, items.size(), counts.length, longest, itemBytes);
  }

  private static int levels(int count, int fanIn) {
    int levels = 1;
    for (int nodes = count; nodes > fanIn; nodes = (nodes + fanIn - 1) / fanIn) {
      levels++;
    }
    return levels;
  }

  private static List<String> words(int sequence, int count) {
    return IntStream.range(0, count).mapToObj(i -> sequence + "." + i).toList();
  }

  private static <K> Map<K, String> text(JavaPairRDD<K, byte[]> states) {
    Map<K, String> text = new HashMap<>();
    states
        .collect()
        .forEach(
            state -> {
              String before = text.put(state._1(), new String(state._2(), StandardCharsets.UTF_8));
              assertThat(before).as("first state of two for %s", state._1()).isNull();
            });
    return text;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Concatenation that shows its order and its grouping, as rounding would. */
  private record Brackets() implements DistributedTree.ByteAction<String, String> {
    @Override
    public String combine(String earlier, String later) {
      return "(" + earlier + " " + later + ")";
    }

    @Override
    public String advance(String state, String summary) {
      return "[" + state + " " + summary + "]";
    }

    @Override
    public String summary(byte[] bytes) {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public byte[] summaryBytes(String summary) {
      return bytes(summary);
    }

    @Override
    public String state(byte[] bytes) {
      return new String(bytes, StandardCharsets.UTF_8);
    }

    @Override
    public byte[] stateBytes(String state) {
      return bytes(state);
    }

    @Override
    public String first(int sequence) {
      return "first of " + sequence;
    }
  }
}
