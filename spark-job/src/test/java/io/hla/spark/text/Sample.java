package io.hla.spark.text;

import io.hla.kernels.Element;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;

/** The sample of the project's data folder, and a Spark to read it with. */
public final class Sample {
  static final Path DATA = Path.of("..", "data").toAbsolutePath().normalize();
  public static final String TEXT = DATA.resolve("moby-dick.txt").toString();
  public static final String MODEL = DATA.resolve("glove-moby-100d.safetensors").toString();
  public static final String WORDS = DATA.resolve("vocab.txt").toString();

  private Sample() {}

  static EmbeddingModel model(Element element) {
    return EmbeddingModel.read(new Configuration(), MODEL, WORDS, 4, 4, element);
  }

  /** A session with its own settings, on the one context of this JVM. */
  static SparkSession newSession() {
    return SparkSession.builder()
        .master("local[2]")
        .appName("text")
        .config("spark.ui.enabled", false)
        .getOrCreate()
        .newSession();
  }
}
