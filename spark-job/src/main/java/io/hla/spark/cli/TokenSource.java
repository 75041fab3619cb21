package io.hla.spark.cli;

import io.hla.spark.table.TokenColumns;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where tokens come from: a token table, or text with a model. */
final class TokenSource {
  @Mixin private TokenInput table;
  @Mixin private TextInput text;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Refuses a choice that is none, both, or half of one. */
  void check() {
    if (isAbsent()) {
      throw usage("no input: give --input PATH, or --text PATH --model FILE --vocab FILE");
    }
    if (!table.paths().isEmpty() && !text.isAbsent()) {
      throw usage("--input and --text are two inputs, expected one of them");
    }
    if (table.paths().isEmpty() && !text.isComplete()) {
      throw usage("--text, --model and --vocab belong together, expected all three");
    }
    if (table.isScaleAlone()) {
      throw usage("--gate-scale and --gate-col belong together, expected both");
    }
    if (!text.isAbsent() && table.columns().gate() != null) {
      throw usage("--gate-col belongs to --input: tokens of text have no gates");
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  List<String> paths() {
    return table.paths().isEmpty() ? text.paths() : table.paths();
  }

  TokenColumns columns() {
    return text.isAbsent() ? table.columns() : text.columns(table.keep());
  }

  /** What was asked for, by name. */
  Map<String, Object> describe() {
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("paths", paths());
    described.put("kind", text.isAbsent() ? table.format() : "text");
    TokenColumns columns = columns();
    List<String> vectors = columns.numbers();
    described.put("vector-columns", vectors);
    described.put("kept-columns", columns.keep());
    return described;
  }

  boolean isAbsent() {
    return table.paths().isEmpty() && text.isAbsent();
  }

  Dataset<Row> read(SparkSession spark, OperatorOptions operator) {
    return read(spark, operator, null);
  }

  /** {@code sequenceType} is for a table that holds nothing to infer it from; null for none. */
  Dataset<Row> read(SparkSession spark, OperatorOptions operator, DataType sequenceType) {
    return table.paths().isEmpty() ? text.read(spark, operator) : table.read(spark, sequenceType);
  }

  /** The type of the sequence column; null where there is none. */
  DataType sequenceType(Dataset<Row> tokens) {
    return Arrays.stream(tokens.schema().fields())
        .filter(field -> field.name().equalsIgnoreCase(columns().sequence()))
        .map(StructField::dataType)
        .findFirst()
        .orElse(null);
  }
}
