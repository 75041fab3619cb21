package io.hla.spark.cli;

import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.count_distinct;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hla.algebra.AttentionSettings;
import io.hla.algebra.OperatorCost;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.spark.table.Columns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.StructField;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Describes a token table, a table of states, the report of a run, or an operator. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Describes a token table, a state or prefix table, or the report of a run; or, without a PATH, an",
      "operator: its matrices, bytes and operations, the steps of its scan, and how summaries combine."
    },
    footer = {
      "",
      "Examples:",
      "  submit.sh inspect tokens",
      "  submit.sh inspect tokens.json --input-format json",
      "  submit.sh inspect state",
      "  submit.sh inspect report.json",
      "  submit.sh inspect --operator hla4 --head-dim 64 --num-heads 8"
    })
final class InspectCommand implements Callable<Integer> {
  @Parameters(
      arity = "0..1",
      paramLabel = "PATH",
      description = "A table, or the JSON file of --report.")
  private String path;

  @Spec private CommandSpec spec;

  @Mixin private OperatorOptions operator;

  @Option(names = "--head-dim", paramLabel = "d", description = "Of an operator. Default: 64.")
  private int headDim = 64;

  @Option(names = "--value-dim", paramLabel = "dv", description = "Of an operator. Default: d.")
  private Integer valueDim;

  @Option(
      names = "--input-format",
      paramLabel = "F",
      description = "Any format of Spark. Default: parquet.")
  private String format = "parquet";

  @Option(names = "--seq-col", paramLabel = "COL", description = "Default: seq.")
  private String sequence = "seq";

  @Option(names = "--pos-col", paramLabel = "COL", description = "Default: pos.")
  private String position = "pos";

  @Option(names = "--rows", paramLabel = "N", description = "Rows to list. Default: 20.")
  private int rows = 20;

  @Override
  public Integer call() throws IOException {
    if (operator.isGiven() == (path != null)) {
      throw new ParameterException(
          spec.commandLine(), "inspect takes a PATH, or an --operator or --program");
    }
    if (path == null) {
      AttentionSettings settings =
          operator.request().settings(headDim, valueDim == null ? headDim : valueDim);
      System.out.println(OperatorCost.of(settings));
      return 0;
    }
    if (isReport()) {
      return report(new ObjectMapper().readTree(Path.of(path).toFile()));
    }
    SparkSession spark = Sessions.open("hla inspect");
    Dataset<Row> table = TableReader.load(spark, format, Map.of(), List.of(path));
    List<String> columns = Arrays.asList(table.columns());
    return columns.contains("next_pos") && columns.contains("state")
        ? states(table, columns.contains("seq"))
        : tokens(table);
  }

  private boolean isReport() throws IOException {
    Path file = Path.of(path);
    return path.endsWith(".json")
        && Files.isRegularFile(file)
        && Files.size(file) < 1 << 24
        && Files.readString(file).contains("\"phases\"");
  }

  /** One line a fact, under the name of its part. */
  private int report(JsonNode report) {
    report
        .properties()
        .forEach(
            part -> {
              JsonNode value = part.getValue();
              if (value.isObject()) {
                System.out.println(part.getKey());
                value.properties().forEach(fact -> line("  " + fact.getKey(), fact.getValue()));
              } else if (value.isArray()) {
                System.out.println(part.getKey());
                value.forEach(one -> line("", one));
              } else {
                line(part.getKey(), value);
              }
            });
    return 0;
  }

  private static void line(String name, JsonNode value) {
    System.out.printf(
        Locale.ROOT, "%-24s %s%n", name, value.isTextual() ? value.asText() : value.toString());
  }

  /** Lists states and checks the bytes of all of them. */
  private int states(Dataset<Row> table, boolean named) {
    System.out.printf(Locale.ROOT, "%d states%n", table.count());
    Dataset<Row> ordered = named ? table.orderBy("seq", "next_pos") : table.orderBy("next_pos");
    String settings = null;
    for (Row row : ordered.takeAsList(rows)) {
      byte[] bytes = row.getAs("state");
      boolean readable = bytes != null && problem(bytes).isEmpty();
      State.Description state = readable ? State.describe(bytes) : null;
      if (state != null && !state.settings().describe().toString().equals(settings)) {
        settings = state.settings().describe().toString();
        System.out.println(settings);
      }
      System.out.printf(
          Locale.ROOT,
          "%s%-14s tokens %-14s %s%n",
          named
              ? String.format(Locale.ROOT, "sequence %-20s ", row.get(row.fieldIndex("seq")))
              : "",
          "next " + row.get(row.fieldIndex("next_pos")),
          row.get(row.fieldIndex("tokens")),
          bytes == null
              ? "nothing in front"
              : state == null
                  ? problem(bytes)
                  : String.format(
                      Locale.ROOT, "%,d bytes, matrices %s", bytes.length, state.matrices()));
    }
    return damaged(table) ? Main.BAD_INPUT : 0;
  }

  private static boolean damaged(Dataset<Row> table) {
    List<String> problems =
        table
            .select("next_pos", "state")
            .toJavaRDD()
            .filter(row -> !row.isNullAt(1) && !problem(row.getAs(1)).isEmpty())
            .map(row -> problem(row.getAs(1)) + " (next position " + row.get(0) + ")")
            .take(10);
    problems.forEach(System.err::println);
    return !problems.isEmpty();
  }

  /** What is wrong with the bytes of a state, or nothing. */
  private static String problem(byte[] bytes) {
    try {
      State.describe(bytes);
      return "";
    } catch (StateException e) {
      return String.format(Locale.ROOT, "[%s] %s", e.condition(), e.getMessage());
    }
  }

  /** Columns, widths, and what every sequence covers. */
  private int tokens(Dataset<Row> table) {
    Row first = table.takeAsList(1).stream().findFirst().orElse(null);
    for (StructField field : table.schema().fields()) {
      String width =
          field.dataType() instanceof ArrayType
                  && first != null
                  && first.getAs(field.name()) != null
              ? first.getList(first.fieldIndex(field.name())).size() + " values in the first row"
              : "";
      System.out.printf(
          Locale.ROOT, "%-12s %-24s %s%n", field.name(), field.dataType().simpleString(), width);
    }
    if (!has(table, position)) {
      System.out.printf(Locale.ROOT, "%,d rows, no column %s%n", table.count(), position);
      return 0;
    }
    boolean named = has(table, sequence);
    Column key = named ? Columns.named(sequence) : lit("");
    Column at = Columns.named(position);
    Dataset<Row> sequences =
        table
            .groupBy(key.as("seq"))
            .agg(
                count(lit(1)).as("tokens"),
                min(at).as("first"),
                max(at).as("last"),
                count_distinct(at).as("positions"))
            .cache();
    System.out.printf(
        Locale.ROOT,
        "%,d tokens in %,d sequences%n",
        sequences.isEmpty()
            ? 0
            : sequences.agg(org.apache.spark.sql.functions.sum("tokens")).head().getLong(0),
        sequences.count());
    for (Row row : sequences.orderBy("seq").takeAsList(rows)) {
      long covered = ((Number) row.get(3)).longValue() - ((Number) row.get(2)).longValue() + 1;
      System.out.printf(
          Locale.ROOT,
          "%sfirst %-14s last %-14s %s%n",
          named ? String.format(Locale.ROOT, "sequence %-20s ", row.get(0)) : "",
          row.get(2),
          row.get(3),
          problem(row.getLong(1), covered, row.getLong(4)));
    }
    sequences.unpersist();
    return 0;
  }

  /** As everywhere else, the case of names does not count. */
  private static boolean has(Dataset<Row> table, String column) {
    return Arrays.stream(table.columns()).anyMatch(column::equalsIgnoreCase);
  }

  /** What is wrong with the positions of a sequence, or nothing. */
  private static String problem(long tokens, long covered, long distinct) {
    StringJoiner problem = new StringJoiner(", ");
    if (distinct < covered) {
      problem.add(
          String.format(Locale.ROOT, "%,d of %,d positions missing", covered - distinct, covered));
    }
    if (tokens > distinct) {
      problem.add(String.format(Locale.ROOT, "%,d tokens more than positions", tokens - distinct));
    }
    return problem.toString();
  }
}
