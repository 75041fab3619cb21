package io.hla.spark.extract;

import static org.apache.spark.sql.functions.expr;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.spark.TestSpark;
import io.hla.spark.text.TextIds;
import io.hla.spark.tokenizer.Tokenizers;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Observation;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Features and scores against those that torch computes; src/test/resources/extract tells how. */
class GoldenFeaturesTest {
  private static final Path GOLDEN = Path.of("src/test/resources/extract");
  private static final Path DATA = Path.of("../data");

  /** Of the largest number of a row, and of a score. */
  private static final double BOUND = 1e-10;

  private final SparkSession spark = TestSpark.newSession();

  /** Tensors of a file of expected numbers. */
  private static final class Expected {
    private final Map<String, double[]> tensors = new HashMap<>();

    /**
     * F64 and I64, which a header of JSON describes: its length (8 bytes), it, then the numbers.
     */
    Expected(Path file) {
      try {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[Math.toIntExact(bytes.getLong())];
        bytes.get(header);
        int start = bytes.position();
        JsonNode described = new ObjectMapper().readTree(header);
        for (String name : (Iterable<String>) described::fieldNames) {
          JsonNode offsets = described.get(name).get("data_offsets");
          if (offsets == null) {
            continue;
          }
          double[] numbers = new double[(offsets.get(1).asInt() - offsets.get(0).asInt()) / 8];
          for (int i = 0; i < numbers.length; i++) {
            int at = start + offsets.get(0).asInt() + 8 * i;
            boolean whole = described.get(name).get("dtype").asText().equals("I64");
            numbers[i] = whole ? bytes.getLong(at) : bytes.getDouble(at);
          }
          tensors.put(name, numbers);
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    double[] get(String name) {
      return tensors.get(name);
    }

    long[] positions() {
      return Arrays.stream(get("position")).mapToLong(p -> (long) p).toArray();
    }

    double[] row(String name, int index) {
      int width = get(name).length / get("position").length;
      return Arrays.copyOfRange(get(name), index * width, (index + 1) * width);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"options", "third-order", "fourth-order", "asymmetric", "linear", "program"})
  void untrainedModelsInAnyRuns(String name) {
    Expected expected = new Expected(GOLDEN.resolve(name).resolve("expected.safetensors"));
    FeatureExtractor model =
        FeatureExtractor.of(GOLDEN.resolve(name).toString()).dtype(VectorType.DOUBLE);
    for (int pieces : new int[] {1, 2, 7}) {
      compare(expected, model.score(true).extract(ids(expected, pieces)));
    }
    compare(expected, model.score(true).cutEvery(29).extract(ids(expected, 3)));
    // Layers count from 0 there.
    for (int layer = 0; expected.get("attention." + layer) != null; layer++) {
      Dataset<Row> rows = model.features(Features.attention(layer + 1)).extract(ids(expected, 2));
      compareVectors(expected, "attention." + layer, rows.collectAsList());
    }
  }

  /** All of the book in the runs in which files are read. */
  @Test
  void theTrainedModelOverTheBook() throws InterruptedException {
    Expected expected = new Expected(GOLDEN.resolve("moby-dick.safetensors"));
    Dataset<Row> ids =
        TextIds.files(spark, List.of(DATA.resolve("moby-dick.txt").toString()), Tokenizers.bytes());
    FeatureExtractor model =
        FeatureExtractor.of(DATA.resolve("hla-moby-tiny").toString())
            .dtype(VectorType.DOUBLE)
            .score(true);
    Observation means = new Observation("means");
    Dataset<Row> rows =
        model
            .extract(ids)
            .observe(
                means,
                expr("avg(log_probability)").as("score"),
                expr("avg(features[0])").as("hidden"),
                expr("count(1)").as("tokens"));
    compare(expected, rows);
    assertThat(means.getAsJava().get("tokens")).isEqualTo(1_209_604L);
    double score = (Double) means.getAsJava().get("score");
    assertThat(score).isCloseTo(expected.get("mean_score")[0], relative(score));
    double hidden = (Double) means.getAsJava().get("hidden");
    assertThat(hidden).isCloseTo(expected.get("mean_hidden")[0], relative(1));
  }

  /** Rows ([seq], pos, features, log_probability) at the sampled positions. */
  private static void compare(Expected expected, Dataset<Row> rows) {
    List<Object> positions = new ArrayList<>();
    for (long position : expected.positions()) {
      positions.add(position);
      positions.add(position - 1);
    }
    List<Row> sampled = rows.where(rows.col("pos").isin(positions.toArray())).collectAsList();
    compareVectors(expected, "hidden", sampled);
    Map<Long, Row> byPosition = byPosition(sampled);
    for (int i = 0; i < expected.positions().length; i++) {
      double score = expected.get("score")[i];
      if (expected.positions()[i] > 0) {
        Row before = byPosition.get(expected.positions()[i] - 1);
        assertThat(before.<Double>getAs("log_probability")).isCloseTo(score, relative(score));
      }
    }
  }

  private static void compareVectors(Expected expected, String tensor, List<Row> rows) {
    Map<Long, Row> byPosition = byPosition(rows);
    for (int i = 0; i < expected.positions().length; i++) {
      double[] numbers = expected.row(tensor, i);
      Row row = byPosition.get(expected.positions()[i]);
      List<Double> actual = row.getList(row.fieldIndex("features"));
      double largest = Arrays.stream(numbers).map(Math::abs).max().orElseThrow();
      assertThat(actual).hasSize(numbers.length);
      for (int j = 0; j < numbers.length; j++) {
        assertThat(actual.get(j))
            .as("%s[%d] at %d", tensor, j, expected.positions()[i])
            .isCloseTo(numbers[j], relative(largest));
      }
    }
  }

  private static Map<Long, Row> byPosition(List<Row> rows) {
    Map<Long, Row> byPosition = new HashMap<>();
    rows.forEach(row -> byPosition.put(row.<Long>getAs("pos"), row));
    return byPosition;
  }

  private Dataset<Row> ids(Expected expected, int pieces) {
    double[] ids = expected.get("id");
    List<Row> rows =
        IntStream.range(0, ids.length)
            .mapToObj(t -> RowFactory.create((long) t, (int) ids[t]))
            .toList();
    StructType schema =
        new StructType()
            .add("pos", DataTypes.LongType, false)
            .add("id", DataTypes.IntegerType, false);
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    return spark.createDataFrame(context.parallelize(rows, pieces), schema);
  }

  private static org.assertj.core.data.Offset<Double> relative(double size) {
    return org.assertj.core.api.Assertions.within(BOUND * Math.abs(size));
  }
}
