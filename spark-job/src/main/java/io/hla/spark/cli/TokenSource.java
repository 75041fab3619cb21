package io.hla.spark.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Where tokens come from: a token table, or text with a model. */
final class TokenSource {
  @Mixin private TokenInput tokens;
  @Mixin private TextInput text;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Refuses a choice that is none, both, or half of one. */
  void check() {
    if (isAbsent()) {
      throw usage(
          "no input: give --input PATH or --input-table NAME, or --text PATH --model FILE --vocab"
              + " FILE");
    }
    if (table().isTwofold()) {
      throw usage("--input and --input-table are two inputs, expected one of them");
    }
    if (!table().isAbsent() && !text.isAbsent()) {
      throw usage("--input and --text are two inputs, expected one of them");
    }
    if (!text.isAbsent() && table().isRefined()) {
      throw usage("--where and --input-option belong to --input and --input-table, not to --text");
    }
    if (table().isAbsent() && !text.isComplete()) {
      throw usage("--text, --model and --vocab belong together, expected all three");
    }
    if (tokens.isScaleAlone()) {
      throw usage("--gate-scale and --gate-col belong together, expected both");
    }
    if (!text.isAbsent() && tokens.columns().gate() != null) {
      throw usage("--gate-col belongs to --input: tokens of text have no gates");
    }
  }

  private InputOptions table() {
    return tokens.table();
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  /** Paths of tokens or text. */
  List<String> paths() {
    return table().isAbsent() ? text.paths() : table().paths();
  }

  /** Paths of what makes tokens of text. */
  List<String> modelPaths() {
    return text.modelPaths();
  }

  /** The name of a table, if that is what is read. */
  List<String> names() {
    return table().name() == null ? List.of() : List.of(table().name());
  }

  /** Whether there is a column of gates. */
  boolean isGated() {
    return tokens.columns().gate() != null;
  }

  /** What was asked for, by name. */
  Map<String, Object> describe() {
    Map<String, Object> described = new LinkedHashMap<>();
    if (table().name() == null) {
      described.put("paths", paths());
      described.put("format", text.isAbsent() ? table().format() : "text");
    } else {
      described.put("table", table().name());
    }
    if (!table().isAbsent()) {
      described.put("vector-columns", tokens.columns().numbers());
    }
    described.put("kept-columns", tokens.keep());
    return described;
  }

  boolean isAbsent() {
    return table().isAbsent() && text.isAbsent();
  }

  TokenTable read(SparkSession spark, OperatorOptions operator) {
    return read(spark, operator, null);
  }

  /** {@code sequenceType} is for a table that holds nothing to infer it from; null for none. */
  TokenTable read(SparkSession spark, OperatorOptions operator, DataType sequenceType) {
    return table().isAbsent()
        ? TokenTable.of(text.read(spark, operator), text.columns(tokens.keep()))
        : tokens.read(spark, sequenceType);
  }
}
