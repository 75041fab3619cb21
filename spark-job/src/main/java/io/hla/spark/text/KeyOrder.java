package io.hla.spark.text;

import io.hla.spark.InputException;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.BaseOrdering;
import org.apache.spark.sql.catalyst.expressions.RowOrdering;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import org.apache.spark.sql.types.DataType;
import scala.jdk.javaapi.CollectionConverters;

/** The keys (seq, order) of rows that are joined, for one task or the driver. */
final class KeyOrder {
  private final RowTexts texts;
  private final UnsafeProjection keys;
  private final BaseOrdering bySequence;
  private final BaseOrdering byKey;
  private final DataType sequence;
  private final DataType order;

  KeyOrder(RowTexts texts) {
    this.texts = texts;
    keys = texts.keys();
    sequence = texts.schema().apply(RowTexts.SEQUENCE).dataType();
    order = texts.schema().apply(RowTexts.ORDER).dataType();
    bySequence = ordering(List.of(sequence));
    byKey = ordering(List.of(sequence, order));
  }

  private static BaseOrdering ordering(List<DataType> types) {
    return RowOrdering.createNaturalAscendingOrdering(CollectionConverters.asScala(types).toSeq());
  }

  /**
   * A row's key.
   *
   * @throws InputException HLA_INPUT_NULL if its order is null
   */
  UnsafeRow key(InternalRow row) {
    UnsafeRow key = keys.apply(row).copy();
    if (key.isNullAt(1)) {
      throw new InputException(
          "HLA_INPUT_NULL",
          String.format(
              Locale.ROOT,
              "a row of sequence %s has a null order in column %s",
              key.get(0, sequence),
              texts.schema().apply(RowTexts.ORDER).name()));
    }
    return key;
  }

  /**
   * Whether two rows, one behind the other, are of one sequence.
   *
   * @throws InputException HLA_INPUT_DUPLICATE if they have the same place in it
   */
  boolean isSameSequence(UnsafeRow key, UnsafeRow next) {
    boolean isSame = bySequence.compare(key, next) == 0;
    if (isSame && byKey.compare(key, next) == 0) {
      throw new InputException(
          "HLA_INPUT_DUPLICATE",
          String.format(
              Locale.ROOT,
              "sequence %s has several rows with %s %s, expected one",
              key.get(0, sequence),
              texts.schema().apply(RowTexts.ORDER).name(),
              key.get(1, order)));
    }
    return isSame;
  }
}
