package io.hla.spark.shuffle;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.TestSpark;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import scala.Tuple2;

class OrderedShuffleTest {
  /** A key that no serializer of Spark can write. */
  private record Word(String text) implements Comparable<Word> {
    @Override
    public int compareTo(Word other) {
      return text.compareTo(other.text);
    }
  }

  private record Words() implements KeyCodec<Word> {
    @Override
    public void write(Word word, DataOutput out) throws IOException {
      out.writeUTF(word.text);
    }

    @Override
    public Word read(DataInput in) throws IOException {
      return new Word(in.readUTF());
    }
  }

  /** By the first letter. */
  private static final class ByLetter extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int partitions;

    ByLetter(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      return (((Word) key).text.charAt(0) - 'a') % partitions;
    }
  }

  /** One partition, a few, and more than Spark's sort by-passes (200), most of them empty. */
  @ParameterizedTest
  @CsvSource({"1, 5000", "3, 5000", "300, 5000", "300, 0", "3, 1"})
  void bringsEveryPairToItsPartitionInTheOrderOfKeys(int partitions, int pairs) {
    checkOrder(context(), partitions, pairs);
  }

  @Test
  void needsNoSerializerOfSpark() {
    TestSpark.stop();
    SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .appName("tests")
            .config("spark.ui.enabled", false)
            .config("spark.serializer", "org.apache.spark.serializer.KryoSerializer")
            .config("spark.kryo.registrationRequired", true)
            .getOrCreate();
    try {
      checkOrder(JavaSparkContext.fromSparkContext(spark.sparkContext()), 5, 3000);
      checkOrder(JavaSparkContext.fromSparkContext(spark.sparkContext()), 300, 3000);
    } finally {
      spark.stop();
    }
  }

  /** Keys that come several times keep all of their values. */
  @Test
  void keepsAllValuesOfAKey() {
    List<String> pairs = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      pairs.add("a" + i % 5 + "=" + i);
    }
    List<String> received = received(context(), pairs, 2).get(0);
    assertThat(received).containsExactlyInAnyOrderElementsOf(pairs);
    assertThat(received.stream().map(pair -> pair.substring(0, 2))).isSorted();
  }

  @Test
  void valuesMayBeEmptyOrLong() {
    List<String> pairs = List.of("a=", "b=" + "x".repeat(1 << 20), "c=", "d=y", "e=");
    assertThat(received(context(), pairs, 1)).containsExactly(pairs);
  }

  private static void checkOrder(JavaSparkContext context, int partitions, int count) {
    List<String> pairs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      pairs.add((char) ('a' + i % 26) + String.format("%05d=%d", i, i * i));
    }
    List<List<String>> expected = new ArrayList<>();
    for (int p = 0; p < partitions; p++) {
      int partition = p;
      expected.add(
          pairs.stream()
              .filter(pair -> (pair.charAt(0) - 'a') % partitions == partition)
              .sorted()
              .toList());
    }
    Collections.shuffle(pairs, new Random(count));
    assertThat(received(context, pairs, partitions)).isEqualTo(expected);
  }

  /** Pairs key=value as they arrive in every partition. */
  private static List<List<String>> received(
      JavaSparkContext context, List<String> pairs, int partitions) {
    JavaPairRDD<Word, byte[]> sent =
        context
            .parallelize(pairs, 4)
            .mapToPair(
                pair -> {
                  int behind = pair.indexOf('=');
                  return new Tuple2<>(
                      new Word(pair.substring(0, behind)), pair.substring(behind + 1).getBytes());
                });
    JavaPairRDD<Word, byte[]> shuffled =
        OrderedShuffle.of(sent, new ByLetter(partitions), Word.class, new Words());
    assertThat(shuffled.getNumPartitions()).isEqualTo(partitions);
    List<List<String>> received = new ArrayList<>();
    for (int p = 0; p < partitions; p++) {
      received.add(new ArrayList<>());
    }
    // Strings alone travel back.
    for (String place :
        shuffled
            .mapPartitionsWithIndex(
                (partition, it) -> {
                  List<String> found = new ArrayList<>();
                  it.forEachRemaining(
                      pair ->
                          found.add(
                              partition + " " + pair._1().text + "=" + new String(pair._2())));
                  return found.iterator();
                },
                true)
            .collect()) {
      int behind = place.indexOf(' ');
      received.get(Integer.parseInt(place.substring(0, behind))).add(place.substring(behind + 1));
    }
    return received;
  }

  private static JavaSparkContext context() {
    return JavaSparkContext.fromSparkContext(TestSpark.open().sparkContext());
  }
}
