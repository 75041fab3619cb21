package io.hla.spark.parquet;

import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type.Repetition;

/**
 * Definition levels of a list column: what an entry of that level is.
 *
 * @param nullList level of a list that is null, or -1 if there can be none
 * @param emptyList level of a list without values
 * @param nullValue level of a value that is null, or -1 if there can be none
 * @param value level of a value, the highest
 */
record ListLevels(int nullList, int emptyList, int nullValue, int value) {

  static ListLevels of(MessageType schema, ColumnDescriptor column) {
    boolean listMayBeNull = schema.getType(column.getPath()[0]).isRepetition(Repetition.OPTIONAL);
    boolean valueMayBeNull = column.getPrimitiveType().isRepetition(Repetition.OPTIONAL);
    int empty = listMayBeNull ? 1 : 0;
    return new ListLevels(
        listMayBeNull ? 0 : -1,
        empty,
        valueMayBeNull ? empty + 1 : -1,
        column.getMaxDefinitionLevel());
  }
}
