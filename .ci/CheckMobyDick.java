import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Reads what {@code attend} wrote for Moby-Dick, fails unless it holds every token and the known
 * last output.
 */
class CheckMobyDick {
  private static final long TOKENS = 261_306;
  private static final double[] LAST_OUTPUT = {
    -1.75785884e+08, -2.54137337e+07, 1.59452539e+07, 2.53178836e+06
  };
  private static final double TOLERANCE = 1e-4;

  public static void main(String[] args) {
    SparkSession spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.log.level", "ERROR")
            .getOrCreate();
    Dataset<Row> rows = spark.read().parquet(args[0]);

    check("number of rows", rows.count(), TOKENS);
    check("number of different positions", rows.select("pos").distinct().count(), TOKENS);
    Row range = rows.select(min("pos").cast("long"), max("pos").cast("long")).first();
    check("span of the positions", range.getLong(1) - range.getLong(0) + 1, TOKENS);

    List<Number> last =
        rows.where(col("pos").equalTo(range.getLong(1)))
            .first()
            .getList(rows.first().fieldIndex("o"));
    for (int i = 0; i < LAST_OUTPUT.length; i++) {
      double actual = last.get(i).doubleValue();
      if (!(Math.abs(actual - LAST_OUTPUT[i]) <= TOLERANCE * Math.abs(LAST_OUTPUT[i]))) {
        throw fail("o[" + i + "] of the last row", actual, LAST_OUTPUT[i]);
      }
    }
    System.out.printf(
        "%s: %,d rows, the last one as expected: %s%n",
        args[0], TOKENS, last.subList(0, LAST_OUTPUT.length));
    spark.stop();
  }

  private static void check(String what, long actual, long expected) {
    if (actual != expected) {
      throw fail(what, actual, expected);
    }
  }

  private static IllegalStateException fail(String what, Object actual, Object expected) {
    return new IllegalStateException(what + " is " + actual + ", expected " + expected);
  }
}
