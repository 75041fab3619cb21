package io.hla.spark.cli;

import static org.apache.spark.sql.functions.lit;

import io.hla.spark.InputException;
import io.hla.spark.table.SequenceKey;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A stretch of one sequence.
 *
 * @param sequence text of the sequence's value, or null in a table with one sequence
 * @param first first position
 * @param last last position
 */
record TokenRange(String sequence, long first, long last) {

  /** Reads {@code SEQ:FIRST-LAST} or {@code FIRST-LAST}. */
  static final class Converter implements ITypeConverter<TokenRange> {
    @Override
    public TokenRange convert(String text) {
      int colon = text.lastIndexOf(':');
      java.util.regex.Matcher numbers =
          java.util.regex.Pattern.compile("(-?\\d+)-(-?\\d+)").matcher(text.substring(colon + 1));
      if (!numbers.matches()) {
        throw new TypeConversionException("\"" + text + "\" is not SEQ:FIRST-LAST or FIRST-LAST");
      }
      long first = Long.parseLong(numbers.group(1));
      long last = Long.parseLong(numbers.group(2));
      if (last < first) {
        throw new TypeConversionException("\"" + text + "\" ends in front of its start");
      }
      return new TokenRange(colon < 0 ? null : text.substring(0, colon), first, last);
    }
  }

  /** The sequence as a key of a table whose sequence column has this type (null for none). */
  SequenceKey key(SparkSession spark, DataType type) {
    if ((type == null) != (sequence == null)) {
      throw new InputException(
          "HLA_RANGE_SEQUENCE",
          type == null
              ? "--range names sequence \"" + sequence + "\", the input has no sequence column"
              : "--range names no sequence, the input has them: SEQ:FIRST-LAST");
    }
    if (type == null) {
      return SequenceKey.ONLY;
    }
    Row value = spark.range(1).select(lit(sequence).try_cast(type)).head();
    if (value.isNullAt(0)) {
      throw new InputException(
          "HLA_RANGE_SEQUENCE",
          String.format(
              Locale.ROOT,
              "--range names sequence \"%s\", expected a value of type %s",
              sequence,
              type.simpleString()));
    }
    return SequenceKey.ofExternal(value, 0);
  }
}
