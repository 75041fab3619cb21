package io.hla.spark.text;

import io.hla.kernels.Element;
import io.hla.spark.InputException;
import io.hla.spark.model.Safetensors.Tensor;
import io.hla.spark.model.WeightFiles;
import io.hla.spark.tokenizer.Vocabulary;
import java.io.Serializable;
import java.util.Locale;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/**
 * The query, key and value of every word of a vocabulary: rows of {@code embed_tokens.weight} [V,
 * E] times {@code q_proj.weight} [H d, E], {@code k_proj.weight} [Hkv d, E] and {@code
 * v_proj.weight} [Hkv dv, E]. Products are summed in double in the order of E and rounded once to
 * float, or kept with float64. Immutable and serializable; meant to be broadcast.
 */
public final class EmbeddingModel implements Serializable {
  private static final long serialVersionUID = 1L;

  // Rows of the embedding that are in memory at a time.
  private static final int BLOCK = 256;

  private static final String[] EMBEDDINGS = {
    "embed_tokens.weight", "embeddings.weight", "wte.weight", "tok_embeddings.weight"
  };

  private final Vocabulary vocabulary;
  private final Element element;
  private final int numHeads;
  private final int numKvHeads;
  private final int headDim;
  private final int valueDim;
  private final VectorTable[] tables = new VectorTable[3];

  private EmbeddingModel(
      WeightFiles file, Vocabulary vocabulary, int numHeads, int numKvHeads, Element element) {
    this.vocabulary = vocabulary;
    this.element = element;
    this.numHeads = numHeads;
    this.numKvHeads = numKvHeads;
    Tensor embedding = matrix(file, EMBEDDINGS);
    Tensor[] projections = {
      matrix(file, "q_proj.weight"), matrix(file, "k_proj.weight"), matrix(file, "v_proj.weight")
    };
    check(
        embedding.shape().get(0) == vocabulary.size(),
        "HLA_VOCABULARY",
        "%s has %d words, expected the %d rows of %s",
        vocabulary.source(),
        vocabulary.size(),
        embedding.shape().get(0),
        embedding);
    long width = embedding.shape().get(1);
    for (Tensor projection : projections) {
      check(
          projection.shape().get(1) == width,
          "HLA_MODEL_SHAPE",
          "%s takes %d numbers, expected the %d of a row of %s",
          projection,
          projection.shape().get(1),
          width,
          embedding);
    }
    headDim = perHead(projections[0], "num-heads", numHeads);
    int keyDim = perHead(projections[1], "num-kv-heads", numKvHeads);
    check(
        headDim == keyDim,
        "HLA_MODEL_SHAPE",
        "%s gives %d numbers to each of %d heads, %s gives %d to each of %d, expected the same",
        projections[0],
        headDim,
        numHeads,
        projections[1],
        keyDim,
        numKvHeads);
    valueDim = perHead(projections[2], "num-kv-heads", numKvHeads);
    project(file, embedding, projections);
  }

  /**
   * Reads a model and its vocabulary.
   *
   * @param model a safetensors file, or a directory with model.safetensors or its index and shards;
   *     each tensor is found by its name or, when there is none, as the only one whose name ends
   *     with "." and the name; the embedding may also be embeddings.weight, wte.weight or
   *     tok_embeddings.weight
   * @param words a file whose line n is the word of row n; row 0 stands for every other word
   * @param numHeads query heads H
   * @param numKvHeads key and value heads Hkv
   * @param element of the vectors: what is computed in double is kept, or rounded to float
   * @throws InputException HLA_INPUT_MISSING, HLA_MODEL_DAMAGED, HLA_MODEL_TENSOR, HLA_MODEL_SHAPE
   *     or HLA_VOCABULARY
   */
  public static EmbeddingModel read(
      Configuration configuration,
      String model,
      String words,
      int numHeads,
      int numKvHeads,
      Element element) {
    Vocabulary vocabulary = Vocabulary.read(configuration, words);
    try (WeightFiles file = WeightFiles.open(configuration, model)) {
      return new EmbeddingModel(file, vocabulary, numHeads, numKvHeads, element);
    }
  }

  /** The words that have rows. */
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /** Whether rows are doubles (float64) or floats. */
  public Element element() {
    return element;
  }

  /** Length of one head's query or key: d. */
  public int headDim() {
    return headDim;
  }

  /** Length of one head's value: dv. */
  public int valueDim() {
    return valueDim;
  }

  /** Numbers in a query row: H d. */
  public int queryWidth() {
    return numHeads * headDim;
  }

  /** Numbers in a key row: Hkv d. */
  public int keyWidth() {
    return numKvHeads * headDim;
  }

  /** Numbers in a value row: Hkv dv. */
  public int valueWidth() {
    return numKvHeads * valueDim;
  }

  VectorTable queries() {
    return tables[0];
  }

  VectorTable keys() {
    return tables[1];
  }

  VectorTable values() {
    return tables[2];
  }

  private static Tensor matrix(WeightFiles file, String... names) {
    Tensor tensor = file.find(names);
    check(
        tensor.shape().size() == 2,
        "HLA_MODEL_SHAPE",
        "%s has %d dimensions, expected 2",
        tensor,
        tensor.shape().size());
    return tensor;
  }

  private static int perHead(Tensor projection, String option, int heads) {
    long rows = projection.shape().get(0);
    check(
        heads >= 1 && rows >= heads && rows % heads == 0 && rows <= Integer.MAX_VALUE,
        "HLA_MODEL_SHAPE",
        "%s gives %d numbers, expected a multiple of %s %d",
        projection,
        rows,
        option,
        heads);
    return (int) (rows / heads);
  }

  private void project(WeightFiles file, Tensor embedding, Tensor[] projections) {
    int width = Math.toIntExact(embedding.shape().get(1));
    double[][] weights = new double[3][];
    for (int i = 0; i < 3; i++) {
      int out = Math.toIntExact(projections[i].shape().get(0));
      weights[i] = transposed(file, projections[i], out, width);
      tables[i] = table(projections[i], out);
    }
    double[] rows = new double[Math.multiplyExact(BLOCK, width)];
    for (int from = 0; from < vocabulary.size(); from += BLOCK) {
      int count = Math.min(BLOCK, vocabulary.size() - from);
      int first = from;
      file.read(embedding, (long) from * width, rows, 0, count * width);
      IntStream.range(0, count)
          .parallel()
          .forEach(
              row -> {
                for (int i = 0; i < 3; i++) {
                  tables[i].set(first + row, product(rows, row * width, width, weights[i]));
                }
              });
    }
  }

  private VectorTable table(Tensor projection, int width) {
    check(
        (long) width * vocabulary.size() <= Integer.MAX_VALUE,
        "HLA_MODEL_SHAPE",
        "%s for %d words makes %d numbers, expected at most %d",
        projection,
        vocabulary.size(),
        (long) width * vocabulary.size(),
        Integer.MAX_VALUE);
    return new VectorTable(vocabulary.size(), width, element == Element.DOUBLE);
  }

  private static double[] transposed(WeightFiles file, Tensor matrix, int rows, int columns) {
    double[] values = new double[Math.multiplyExact(rows, columns)];
    double[] row = new double[columns];
    for (int i = 0; i < rows; i++) {
      file.read(matrix, (long) i * columns, row, 0, columns);
      for (int j = 0; j < columns; j++) {
        values[j * rows + i] = row[j];
      }
    }
    return values;
  }

  // One row of weights at a time, so that the compiler can vectorize without reordering a sum.
  private static double[] product(double[] x, int at, int width, double[] weights) {
    double[] sums = new double[weights.length / Math.max(1, width)];
    for (int i = 0, w = 0; i < width; i++, w += sums.length) {
      double xi = x[at + i];
      for (int j = 0; j < sums.length; j++) {
        sums[j] += xi * weights[w + j];
      }
    }
    return sums;
  }

  private static void check(boolean holds, String condition, String message, Object... values) {
    if (!holds) {
      throw new InputException(condition, String.format(Locale.ROOT, message, values));
    }
  }
}
