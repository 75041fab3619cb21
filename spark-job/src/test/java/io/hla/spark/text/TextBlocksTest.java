package io.hla.spark.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.kernels.Element;
import io.hla.spark.text.TextBlocks.Block;
import io.hla.spark.text.TextBlocks.Count;
import io.hla.spark.text.TextBlocks.Place;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import scala.reflect.ClassTag;

class TextBlocksTest {
  @Test
  void placesFollowTheBytesOfTheFileWhateverTheOrderOfArrival() {
    TextBlocks blocks =
        TextBlocks.of(
            List.of(
                count("file:///b/x%20y.txt", 9, 5),
                count("file:///b/one.txt", 0, 2),
                count("file:///b/x%20y.txt", 100, 7),
                count("file:///a/one.txt", 30, 4),
                count("file:///b/x%20y.txt", 0, 0),
                count("file:///a/one.txt", 0, 3)));
    assertThat(blocks.places())
        .hasSize(6)
        .containsEntry(block("file:///b/x%20y.txt", 0), new Place("x y.txt", 0, 0))
        .containsEntry(block("file:///b/x%20y.txt", 9), new Place("x y.txt", 0, 5))
        .containsEntry(block("file:///b/x%20y.txt", 100), new Place("x y.txt", 5, 7))
        .containsEntry(block("file:///a/one.txt", 0), new Place("file:/a/one.txt", 0, 3))
        .containsEntry(block("file:///a/one.txt", 30), new Place("file:/a/one.txt", 3, 4))
        .containsEntry(block("file:///b/one.txt", 0), new Place("file:/b/one.txt", 0, 2));
  }

  static Stream<Serializer> serializers() {
    return Stream.of(new JavaSerializer(new SparkConf()), new KryoSerializer(new SparkConf()));
  }

  /** Clusters may set Kryo, which cannot read records by itself. */
  @ParameterizedTest
  @MethodSource("serializers")
  void whatGoesBetweenProcessesSurvivesSerialization(Serializer clusters) {
    SerializerInstance serializer = clusters.newInstance();
    Count counted = new Count(block("file:///a", 7), 3, 2);
    assertThat(copy(serializer, counted, Count.class)).isEqualTo(counted);
    TextBlocks blocks = TextBlocks.of(List.of(count("file:///a", 7, 3), count("file:///a", 0, 1)));
    TextBlocks blocksAgain = copy(serializer, blocks, TextBlocks.class);
    assertThat(blocksAgain.places().get(block("file:///a", 7))).isEqualTo(new Place("a", 1, 3));

    EmbeddingModel model = Sample.model(Element.DOUBLE);
    EmbeddingModel modelAgain = copy(serializer, model, EmbeddingModel.class);
    int whale = model.vocabulary().id("whale");
    assertThat(modelAgain.vocabulary().id("whale")).isEqualTo(whale).isPositive();
    assertThat(modelAgain.queries().array(whale)).isEqualTo(model.queries().array(whale));
    assertThat(modelAgain.queryWidth()).isEqualTo(64);
  }

  private static <T> T copy(SerializerInstance serializer, T value, Class<T> type) {
    ClassTag<T> tag = ClassTag.apply(type);
    return serializer.deserialize(serializer.serialize(value, tag), tag);
  }

  private static Count count(String file, long start, long words) {
    return new Count(block(file, start), words, 0);
  }

  private static Block block(String file, long start) {
    return new Block(UTF8String.fromString(file), start);
  }
}
