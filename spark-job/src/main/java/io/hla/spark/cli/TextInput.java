package io.hla.spark.cli;

import io.hla.spark.table.TokenColumns;
import io.hla.spark.text.EmbeddingModel;
import io.hla.spark.text.TextTokens;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Option;

/** Text and the model that makes tokens of it. */
final class TextInput {
  @Option(
      names = "--text",
      arity = "1..*",
      paramLabel = "PATH",
      description = "Text files; each is a sequence of words. --keep takes word and id.")
  private List<String> paths = List.of();

  @Option(
      names = "--model",
      paramLabel = "PATH",
      description =
          "Safetensors with embed_tokens, q_proj, k_proj and v_proj weights; a file, or a directory"
              + " with model.safetensors or model.safetensors.index.json and its shards.")
  private String model;

  @Option(
      names = "--vocab",
      paramLabel = "FILE",
      description = "Line n is the word of row n of the embedding; row 0 is every other word.")
  private String vocabulary;

  List<String> paths() {
    return paths;
  }

  List<String> modelPaths() {
    return Stream.of(model, vocabulary).filter(Objects::nonNull).toList();
  }

  boolean isComplete() {
    return !paths.isEmpty() && model != null && vocabulary != null;
  }

  boolean isAbsent() {
    return paths.isEmpty() && model == null && vocabulary == null;
  }

  TokenColumns columns(List<String> keep) {
    return new TokenColumns("seq", true, "pos", "q", "k", "v", keep);
  }

  Dataset<Row> read(SparkSession spark, OperatorOptions operator) {
    EmbeddingModel weights =
        EmbeddingModel.read(
            spark.sparkContext().hadoopConfiguration(),
            model,
            vocabulary,
            operator.numHeads(),
            operator.numKvHeads(),
            operator.outputType());
    return TextTokens.open(spark, paths, weights).table();
  }
}
