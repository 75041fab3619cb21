import io.hla.spark.Attention;
import io.hla.spark.InputException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Fails unless the application jar, on a Spark of another line than the one that is named, refuses
 * by name: in SQL, in a request and in Spark's writer.
 */
class OtherLine {
  private static final String CONDITION = "HLA_SPARK_VERSION";

  private interface Use {
    void run() throws Exception;
  }

  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory("other-line");
    Path table = folder.resolve("table");
    String line = "built for Spark " + args[0];
    SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.warehouse.dir", folder.toString())
            .getOrCreate();
    refuses("a function", line, () -> spark.sql("SELECT hla_version()").collect());
    refuses(
        "a table function",
        line,
        () -> spark.sql("SELECT * FROM hla_attention(TABLE(SELECT 1 AS pos))").collect());
    refuses("a request", line, Attention::hla2);
    refuses(
        "the writer",
        line,
        () -> spark.range(3).write().format("vector-parquet").save(table.toString()));
    // Other functions, formats and plans of this Spark are none of our business.
    spark.range(3).write().parquet(table + "-of-spark");
    if (spark.read().parquet(table + "-of-spark").selectExpr("sum(id)").first().getLong(0) != 3) {
      throw new IllegalStateException("Spark itself is broken");
    }
    spark.stop();
  }

  private static void refuses(String what, String line, Use use) {
    try {
      use.run();
    } catch (Exception refused) {
      for (Throwable at = refused; at != null; at = at.getCause()) {
        if (at instanceof InputException input
            && input.condition().equals(CONDITION)
            && input.getMessage().contains(line)) {
          return;
        }
      }
      throw new IllegalStateException(what + " refuses otherwise: " + refused, refused);
    }
    throw new IllegalStateException(what + " does not refuse");
  }
}
