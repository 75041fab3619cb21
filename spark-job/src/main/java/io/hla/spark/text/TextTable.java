package io.hla.spark.text;

import io.hla.spark.InputException;
import io.hla.spark.plan.PlannerStrategies;
import io.hla.spark.plan.Selected;
import io.hla.spark.table.Columns;
import io.hla.spark.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.RowOrdering;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.types.DataTypeUtils;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** Puts a table of ids together: a {@link TextRowsNode} over the columns that it needs. */
final class TextTable {
  private TextTable() {}

  /**
   * @param tokenizer null where the texts are ids
   * @param id what the column of ids is called
   * @throws InputException HLA_INPUT_COLUMN, HLA_INPUT_TYPE, HLA_INPUT_STREAMING,
   *     HLA_OPTION_CONFLICT or HLA_OUTPUT_COLUMN
   */
  static Dataset<Row> of(
      Dataset<Row> table,
      StructField text,
      String sequence,
      String order,
      List<String> keep,
      Broadcast<Tokenizer> tokenizer,
      String id) {
    LogicalPlan analyzed = Selected.analyzed(table);
    if (analyzed.isStreaming()) {
      throw new InputException(
          "HLA_INPUT_STREAMING",
          "the table of texts is a stream, whose batches would each be taken for all of it");
    }
    if (order != null && sequence == null) {
      throw new InputException(
          "HLA_OPTION_CONFLICT",
          "texts are to be joined in the order of " + order + ", expected a sequence column, too");
    }
    List<StructField> fields = new ArrayList<>(List.of(text));
    if (sequence != null) {
      fields.add(Columns.checkSequence(Columns.find(table.schema(), sequence)));
    }
    if (order != null) {
      fields.add(checkOrder(Columns.find(table.schema(), order)));
    }
    keep.forEach(name -> fields.add(Columns.find(table.schema(), name)));
    List<Column> columns = new ArrayList<>();
    for (StructField field : fields) {
      columns.add(Columns.named(field.name()).as("c" + columns.size()));
    }
    SparkSession session = (SparkSession) table.sparkSession();
    RowTexts texts =
        new RowTexts(
            tokenizer,
            new StructType(fields.toArray(StructField[]::new)),
            sequence != null,
            order != null);
    PlannerStrategies.install(session, new TextRowsStrategy());
    return org.apache.spark.sql.classic.Dataset.ofRows(
        session,
        TextRowsNode.of(
            Selected.of(session, analyzed, columns), attributes(schema(texts, id)), texts));
  }

  private static StructField checkOrder(StructField field) {
    if (!RowOrdering.isOrderable(field.dataType())) {
      throw new InputException(
          "HLA_INPUT_TYPE",
          String.format(
              Locale.ROOT,
              "column %s is %s, expected a type that has an order",
              field.name(),
              field.dataType().simpleString()));
    }
    return field;
  }

  private static StructType schema(RowTexts texts, String id) {
    StructType schema =
        new StructType()
            .add(
                "seq",
                texts.hasSequence()
                    ? texts.schema().apply(RowTexts.SEQUENCE).dataType()
                    : DataTypes.LongType,
                false)
            .add("pos", DataTypes.LongType, false)
            .add(id, DataTypes.IntegerType, false);
    for (StructField field : texts.kept()) {
      schema = schema.add(field);
    }
    Columns.checkDistinct(List.of(schema.fieldNames()));
    return schema;
  }

  private static List<Attribute> attributes(StructType schema) {
    List<Attribute> attributes = new ArrayList<>();
    CollectionConverters.asJava(DataTypeUtils.toAttributes(schema)).forEach(attributes::add);
    return attributes;
  }
}
