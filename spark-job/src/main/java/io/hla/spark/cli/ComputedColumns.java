package io.hla.spark.cli;

import static org.apache.spark.sql.functions.expr;

import io.hla.spark.InputException;
import io.hla.spark.table.Columns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.types.StructType;

/** The columns of a table, and those that are computed from them. */
final class ComputedColumns {
  private final Dataset<Row> table;
  private final ParserInterface parser;
  private final Set<String> plain = new HashSet<>();
  private final Map<String, Column> computed = new LinkedHashMap<>();

  ComputedColumns(Dataset<Row> table) {
    this.table = table;
    this.parser =
        ((org.apache.spark.sql.classic.SparkSession) table.sparkSession())
            .sessionState()
            .sqlParser();
  }

  /** Columns between commas that do not stand within an expression. */
  List<String> split(String list) {
    List<String> columns = new ArrayList<>();
    String open = "";
    for (String piece : list.split(",", -1)) {
      open = open.isEmpty() ? piece : open + "," + piece;
      if (has(open) || parses(open)) {
        columns.add(open);
        open = "";
      }
    }
    if (!open.isEmpty()) {
      columns.add(open);
    }
    return columns;
  }

  /** The name of a column that is called as Spark calls it. */
  String named(String text) {
    if (isPlain(text)) {
      return text;
    }
    Column column = expr(text);
    String name = select(text, column).fieldNames()[0];
    computed.put(name, column.as(name));
    return name;
  }

  /** The name of a column that is called as it was asked for. */
  String of(String text) {
    if (!isPlain(text)) {
      select(text, expr(text));
      computed.put(text, expr(text).as(text));
    }
    return text;
  }

  /** Whether a text is a column, or could only be one. */
  private boolean isPlain(String text) {
    if (has(text) || isIdentifier(text)) {
      plain.add(text.toLowerCase(Locale.ROOT));
      return true;
    }
    return false;
  }

  private boolean has(String name) {
    return Arrays.stream(table.columns()).anyMatch(name::equalsIgnoreCase);
  }

  private boolean isIdentifier(String text) {
    try {
      return parser.parseMultipartIdentifier(text).size() == 1;
    } catch (Exception e) {
      return !parses(text);
    }
  }

  private boolean parses(String text) {
    try {
      parser.parseExpression(text);
      return true;
    } catch (Exception e) {
      return false;
    }
  }

  private StructType select(String text, Column column) {
    try {
      StructType found = table.select(column).schema();
      if (found.length() != 1) {
        throw new InputException(
            "HLA_INPUT_COLUMN", text + " is " + found.length() + " columns, expected one");
      }
      return found;
    } catch (Exception e) {
      throw refusal(text, e);
    }
  }

  // Spark throws checked exceptions here that its Java signatures do not declare.
  private static RuntimeException refusal(String text, Exception e) {
    return e instanceof AnalysisException
        ? new InputException("HLA_INPUT_COLUMN", text + ": " + TableReader.firstLine(e), e)
        : e instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(e);
  }

  /** The table itself where nothing is computed: it is read fastest as it lies. */
  Dataset<Row> table() {
    if (computed.isEmpty()) {
      return table;
    }
    Set<String> names = new HashSet<>();
    computed.keySet().forEach(name -> names.add(name.toLowerCase(Locale.ROOT)));
    List<Column> columns = new ArrayList<>();
    for (String name : table.columns()) {
      String lower = name.toLowerCase(Locale.ROOT);
      if (plain.contains(lower) || !names.contains(lower)) {
        columns.add(Columns.named(name).as(name));
      }
    }
    columns.addAll(computed.values());
    try {
      return table.select(columns.toArray(Column[]::new));
    } catch (Exception e) {
      throw refusal(String.join(", ", computed.keySet()), e);
    }
  }
}
