package io.hla.spark;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/**
 * The shapes on one core, with pools of one thread for shuffles, broadcasts and subqueries. Pools
 * are made once a JVM, so this is one. The pool of result stages stays as it is: with one thread
 * there, a plain query with a scalar subquery hangs.
 */
public final class SmallPools {
  private SmallPools() {}

  /** Arguments: a folder with the tokens. Says "all equal" at the end. */
  public static void main(String[] args) {
    SparkSession spark =
        TestSpark.configured(
            SparkSession.builder()
                .master("local[1]")
                .appName("tests")
                .config("spark.ui.enabled", false)
                .config("spark.sql.codegen.wholeStage", false)
                .config("spark.sql.shuffleExchange.maxThreadThreshold", 1)
                .config("spark.sql.broadcastExchange.maxThreadThreshold", 1)
                .config("spark.sql.subquery.maxThreadThreshold", 1)
                .config(
                    "spark.sql.warehouse.dir", Path.of(args[0]).resolve("small-pools").toString())
                .getOrCreate());
    SqlShapes shapes = new SqlShapes(spark, Path.of(args[0]));
    Map<Object, double[]> expected = shapes.expected();
    for (boolean adaptive : new boolean[] {true, false}) {
      spark.conf().set("spark.sql.adaptive.enabled", adaptive);
      shapes
          .all()
          .forEach(
              (name, shape) -> {
                System.out.println(name + ", adaptive execution " + adaptive);
                same(name, shapes.given(shape), expected);
              });
      System.out.println("chained, adaptive execution " + adaptive);
      same("chained", shapes.chained(false), shapes.chained(true));
    }
    spark.stop();
    System.out.println("all equal");
  }

  private static void same(
      String name, Map<Object, double[]> actual, Map<Object, double[]> expected) {
    if (!actual.keySet().equals(expected.keySet())
        || !actual.keySet().stream()
            .allMatch(seq -> Arrays.equals(actual.get(seq), expected.get(seq)))) {
      throw new AssertionError(name + " gives other outputs");
    }
  }
}
