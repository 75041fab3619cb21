package io.hla.spark.scan;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import io.hla.spark.runs.Home;
import io.hla.spark.shuffle.Packing;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;

/**
 * The runs of some sequences as items of trees, and what {@link PrefixTree} makes of them. Every
 * other sequence goes on from a state.
 *
 * @param items of runs, in stream order
 * @param homes where the run of an item lies
 * @param inFront the state in front of every run
 * @param behind the state behind every sequence, by the text of its end
 */
record Forest(
    List<Tuple2<Node, TreeItem>> items,
    Map<Node, Home> homes,
    Map<Home, String> inFront,
    Map<String, String> behind) {

  /** Sequences of so many runs. */
  static Forest of(int[] counts, List<Home> homes, int fanIn, boolean withLast) {
    Forest forest =
        new Forest(new ArrayList<>(), new HashMap<>(), new HashMap<>(), new HashMap<>());
    for (int sequence = 0; sequence < counts.length; sequence++) {
      forest.plant(sequence, counts[sequence], homes, fanIn, withLast);
    }
    return forest;
  }

  /** Homes that deal runs to partitions in stretches of no more than {@code longest}. */
  static List<Home> dealt(int runs, int partitions, int longest, Random random) {
    List<Integer> dealt = new ArrayList<>();
    while (dealt.size() < runs) {
      int partition = random.nextInt(partitions);
      for (int i = 1 + random.nextInt(longest); i > 0 && dealt.size() < runs; i--) {
        dealt.add(partition);
      }
    }
    // Rows of one partition are in any order.
    List<Integer> ordinals = new ArrayList<>(IntStream.range(0, runs).boxed().toList());
    Collections.shuffle(ordinals, random);
    return IntStream.range(0, runs).mapToObj(i -> new Home(dealt.get(i), ordinals.get(i))).toList();
  }

  private void plant(int sequence, int count, List<Home> all, int fanIn, boolean withLast) {
    List<String> words = IntStream.range(0, count).mapToObj(i -> sequence + "." + i).toList();
    List<String> present = words.subList(0, withLast ? count : count - 1);
    String first = sequence % 2 == 0 ? null : "first of " + sequence;
    PrefixTree.Scanned<String> expected =
        new PrefixTree<>(new Brackets(), fanIn)
            .scan(first == null ? new Brackets().nothing() : first, present, count);
    for (int i = 0; i < count; i++) {
      boolean last = i == count - 1;
      Home home = all.get(items.size());
      Node node = new Node(sequence, i);
      items.add(
          new Tuple2<>(
              node,
              new TreeItem(
                  home,
                  last,
                  i > 0 || first == null ? null : Brackets.bytes(first),
                  last ? Brackets.bytes("end of " + sequence) : null,
                  Brackets.bytes(i < present.size() ? words.get(i) : ""))));
      homes.put(node, home);
      inFront.put(home, expected.inFront().get(i));
    }
    if (withLast) {
      behind.put("end of " + sequence, expected.behind());
    }
  }

  /** All items as they travel, in any order. */
  JavaPairRDD<Node, byte[]> distributed(long seed) {
    return distributed(items, seed);
  }

  /** Nodes and homes travel by codecs of their own alone, so tests pack them as well. */
  static JavaPairRDD<Node, byte[]> distributed(List<Tuple2<Node, TreeItem>> items, long seed) {
    List<byte[]> packed = new ArrayList<>();
    for (Tuple2<Node, TreeItem> item : items) {
      packed.add(
          Packing.pack(
              out -> {
                item._1().write(out);
                Packing.writeBytes(out, item._2().pack());
              }));
    }
    Collections.shuffle(packed, new Random(seed));
    return JavaSparkContext.fromSparkContext(TestSpark.open().sparkContext())
        .parallelize(packed, 4)
        .mapToPair(
            bytes ->
                Packing.unpack(bytes, in -> new Tuple2<>(Node.read(in), Packing.readBytes(in))));
  }

  /** Collects states that must have a home each. */
  static Map<Home, byte[]> once(JavaPairRDD<Home, byte[]> states) {
    Map<Home, byte[]> once = new HashMap<>();
    for (byte[] packed :
        states
            .map(
                state ->
                    Packing.pack(
                        out -> {
                          out.writeInt(state._1().partition());
                          out.writeLong(state._1().ordinal());
                          Packing.writeBytes(out, state._2());
                        }))
            .collect()) {
      Packing.unpack(
          packed,
          in -> {
            Home home = new Home(in.readInt(), in.readLong());
            assertThat(once.put(home, Packing.readBytes(in))).as("two for %s", home).isNull();
            return null;
          });
    }
    return once;
  }

  static <K> Map<K, String> text(Map<K, byte[]> bytes) {
    Map<K, String> text = new HashMap<>();
    bytes.forEach((key, value) -> text.put(key, Brackets.text(value)));
    return text;
  }

  /** The states behind sequences, from all levels, by the text of their end. */
  static Map<String, String> behind(DistributedTree<String, String> tree) {
    JavaRDD<Tuple2<byte[], byte[]>> all = null;
    for (JavaRDD<Tuple2<byte[], byte[]>> level : tree.behind()) {
      all = all == null ? level : all.union(level);
    }
    Map<String, String> behind = new HashMap<>();
    for (Tuple2<byte[], byte[]> state : all.collect()) {
      String before = behind.put(Brackets.text(state._1()), Brackets.text(state._2()));
      assertThat(before).as("first of two behind %s", Brackets.text(state._1())).isNull();
    }
    return behind;
  }
}
