package io.hla.spark.text;

import io.hla.spark.InputException;
import java.util.Locale;
import java.util.function.Supplier;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/** Ids that a column holds as arrays of whole numbers. */
final class IdArrays implements TextSource {
  private final String column;
  private final DataType element;
  private int[] ids;

  IdArrays(String column, DataType element) {
    this.column = column;
    this.element = element;
  }

  @Override
  public void open(InternalRow row, Supplier<String> place) {
    if (row.isNullAt(RowTexts.TEXT)) {
      throw new InputException("HLA_INPUT_NULL", column + " is null at " + place.get());
    }
    ArrayData array = row.getArray(RowTexts.TEXT);
    ids = new int[array.numElements()];
    for (int i = 0; i < ids.length; i++) {
      if (array.isNullAt(i)) {
        throw new InputException(
            "HLA_INPUT_NULL",
            String.format(Locale.ROOT, "%s has a null element [%d] at %s", column, i, place.get()));
      }
      long id = number(array, i);
      ids[i] = (int) id;
      if (id != ids[i] || id < 0) {
        throw new InputException(
            "HLA_INPUT_ID",
            String.format(
                Locale.ROOT,
                "%s has %d as element [%d] at %s, expected an id from 0 to %d",
                column,
                id,
                i,
                place.get(),
                Integer.MAX_VALUE));
      }
    }
  }

  @Override
  public int[] next() {
    int[] all = ids;
    ids = null;
    return all;
  }

  private long number(ArrayData array, int i) {
    if (element.equals(DataTypes.IntegerType)) {
      return array.getInt(i);
    }
    if (element.equals(DataTypes.LongType)) {
      return array.getLong(i);
    }
    return element.equals(DataTypes.ShortType) ? array.getShort(i) : array.getByte(i);
  }
}
