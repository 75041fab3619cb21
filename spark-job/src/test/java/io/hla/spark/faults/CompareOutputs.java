package io.hla.spark.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Compares Parquet outputs (seq, pos, o of doubles): for every line on standard input, the path of
 * what is expected and of what is compared with it, a line, {@code same} or the first difference.
 * All rows, in the order in which the parts hold them, and all bits count.
 */
public final class CompareOutputs {
  private static final String COLUMNS = "seq, pos, o, _metadata.file_name, _metadata.row_index";

  private CompareOutputs() {}

  /** A row and its place; {@code part} is the number in the name of its file. */
  private record Token(int part, long row, Object sequence, long position, long[] bits) {

    static Token of(Row row) {
      List<Double> o = row.getList(2);
      int part = Integer.parseInt(row.getString(3).split("-")[1]);
      long[] bits = o.stream().mapToLong(Double::doubleToRawLongBits).toArray();
      return new Token(part, row.getLong(4), row.get(0), row.getLong(1), bits);
    }

    String place() {
      return String.format(
          "part %d row %d (sequence %s position %d)", part, row, sequence, position);
    }
  }

  public static void main(String[] args) throws IOException {
    SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", false)
            .config("spark.log.level", "ERROR")
            .getOrCreate();
    Map<String, List<Token>> known = new HashMap<>();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      String[] paths = line.split(" ");
      List<Token> expected = known.computeIfAbsent(paths[0], path -> read(spark, path));
      System.out.println(answer(spark, expected, paths[1]));
      System.out.flush();
    }
    spark.stop();
  }

  private static String answer(SparkSession spark, List<Token> expected, String path) {
    try {
      return difference(expected, read(spark, path));
    } catch (Exception e) {
      return "cannot compare: " + String.valueOf(e).lines().findFirst().orElse("");
    }
  }

  private static List<Token> read(SparkSession spark, String path) {
    Dataset<Row> rows = spark.read().parquet(path).selectExpr(COLUMNS.split(", "));
    List<Token> tokens = new ArrayList<>();
    rows.toLocalIterator().forEachRemaining(row -> tokens.add(Token.of(row)));
    tokens.sort(Comparator.comparingInt(Token::part).thenComparingLong(Token::row));
    return tokens;
  }

  private static String difference(List<Token> expected, List<Token> actual) {
    if (expected.size() != actual.size() || actual.isEmpty()) {
      return actual.size() + " rows, expected " + expected.size();
    }
    for (int i = 0; i < expected.size(); i++) {
      Token one = expected.get(i);
      Token other = actual.get(i);
      if (!one.place().equals(other.place())) {
        return "row " + i + " is " + other.place() + ", expected " + one.place();
      }
      for (int j = 0; j < Math.max(one.bits.length, other.bits.length); j++) {
        if (one.bits.length != other.bits.length || one.bits[j] != other.bits[j]) {
          return String.format(
              "%s has o[%d] of bits %s, expected %s",
              one.place(), j, bit(other.bits, j), bit(one.bits, j));
        }
      }
    }
    return "same";
  }

  private static String bit(long[] bits, int index) {
    return index < bits.length ? Long.toHexString(bits[index]) : "none";
  }
}
