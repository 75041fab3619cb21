package io.hla.spark.cli;

import io.hla.spark.extract.ModelText;
import io.hla.spark.table.IdColumns;
import io.hla.spark.text.TextIds;
import io.hla.spark.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where the tokens of a model come from: text files, a column of text or of ids, or a row each. */
final class IdInput {
  @Option(
      names = "--text",
      arity = "1..*",
      paramLabel = "PATH",
      description = "Text files; each is a sequence.")
  private List<String> text = List.of();

  @Mixin private InputOptions table;

  @Option(
      names = "--text-col",
      paramLabel = "COL",
      description = "A column of texts; each row is a sequence, unless --seq-col says more.")
  private String textColumn;

  @Option(
      names = "--ids-col",
      paramLabel = "COL",
      description = "A column of arrays of token ids, likewise.")
  private String idsColumn;

  @Option(
      names = "--id-col",
      paramLabel = "COL",
      description = "The token id of a table with a row a token. Default: id.")
  private String idColumn = "id";

  @Option(
      names = "--seq-col",
      paramLabel = "COL",
      description = {
        "Sequence, any atomic type. Default: seq for a row a token; with --text-col and --ids-col",
        "a number of the row. A COL is a column, a field of one, or an expression of Spark's SQL."
      })
  private String sequence;

  @Option(
      names = "--pos-col",
      paramLabel = "COL",
      description = "Position of a token in its sequence. Default: pos.")
  private String position = "pos";

  @Option(
      names = "--order-col",
      paramLabel = "COL",
      description =
          "Joins the texts or arrays of the rows of a sequence, in the order of this column.")
  private String order;

  @Option(
      names = "--tokenizer",
      paramLabel = "bytes|cl100k_base|o200k_base|FILE",
      description = {
        "What makes ids of text. FILE: a tokenizer.json, or a vocabulary with a word a line.",
        "Default: that of the model."
      })
  private String tokenizer;

  @Option(
      names = "--keep",
      paramLabel = "COL,..",
      description = "Columns that go to the output as they are.")
  private List<String> keep = List.of();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Refuses a choice that is none, or two. */
  void check() {
    if (text.isEmpty() == table.isAbsent()) {
      throw usage(
          text.isEmpty()
              ? "no input: give --text PATH, --input PATH or --input-table NAME"
              : "--text and --input are two inputs, expected one of them");
    }
    if (table.isTwofold()) {
      throw usage("--input and --input-table are two inputs, expected one of them");
    }
    boolean columns = textColumn != null || idsColumn != null || sequence != null || order != null;
    if (!text.isEmpty() && (table.isRefined() || columns || !keep.isEmpty())) {
      throw usage("columns, --where and --input-option belong to tables, not to --text");
    }
    if (textColumn != null && idsColumn != null) {
      throw usage("--text-col and --ids-col are two inputs, expected one of them");
    }
    if (order != null && (isRowAToken() || sequence == null)) {
      throw usage("--order-col goes with --seq-col and with --text-col or --ids-col");
    }
    if (tokenizer != null && !isText()) {
      throw usage("--tokenizer goes with --text and --text-col");
    }
  }

  private boolean isText() {
    return !text.isEmpty() || textColumn != null;
  }

  private boolean isRowAToken() {
    return text.isEmpty() && textColumn == null && idsColumn == null;
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  List<String> paths() {
    return text.isEmpty() ? table.paths() : text;
  }

  List<String> names() {
    return table.name() == null ? List.of() : List.of(table.name());
  }

  /** What was asked for, by name. */
  Map<String, Object> describe() {
    Map<String, Object> described = new LinkedHashMap<>();
    if (table.name() == null) {
      described.put("paths", paths());
      described.put("format", text.isEmpty() ? table.format() : "text");
    } else {
      described.put("table", table.name());
    }
    described.put("kept-columns", keep);
    return described;
  }

  /** Rows of ids and the names of their columns. */
  record Ids(Dataset<Row> rows, IdColumns columns) {}

  /** Opens the input; the model says which tokenizer unless an option does. */
  Ids read(SparkSession spark, ModelOptions model) {
    if (!text.isEmpty()) {
      return new Ids(
          TextIds.files(spark, text, tokenizer(spark, model)),
          new IdColumns("seq", true, "pos", "id", List.of()));
    }
    Dataset<Row> all = table.all(spark);
    ComputedColumns computed = new ComputedColumns(table.wanted(all));
    List<String> kept = new ArrayList<>();
    for (String list : keep) {
      computed.split(list).forEach(column -> kept.add(computed.named(column)));
    }
    if (isRowAToken()) {
      String key = computed.named(sequence == null ? "seq" : sequence);
      IdColumns columns =
          new IdColumns(
              key, sequence != null, computed.named(position), computed.of(idColumn), kept);
      return new Ids(computed.table(), columns);
    }
    String key = sequence == null ? null : computed.named(sequence);
    String ordered = order == null ? null : computed.of(order);
    String column = computed.of(textColumn == null ? idsColumn : textColumn);
    // Documents often have ids of their own.
    String idName = kept.stream().anyMatch("id"::equalsIgnoreCase) ? "token_id" : "id";
    Dataset<Row> rows =
        textColumn == null
            ? TextIds.ids(computed.table(), column, key, ordered, kept, idName)
            : TextIds.column(
                computed.table(), column, key, ordered, kept, tokenizer(spark, model), idName);
    return new Ids(rows, new IdColumns("seq", true, "pos", idName, kept));
  }

  private Tokenizer tokenizer(SparkSession spark, ModelOptions model) {
    Configuration configuration = spark.sparkContext().hadoopConfiguration();
    return tokenizer == null
        ? ModelText.tokenizer(configuration, model.model(), model.allowsExtra())
        : ModelText.tokenizer(configuration, tokenizer, model.model(), model.allowsExtra());
  }
}
