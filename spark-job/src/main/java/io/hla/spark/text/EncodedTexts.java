package io.hla.spark.text;

import io.hla.spark.InputException;
import io.hla.spark.tokenizer.Tokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;

/** Texts of a column, encoded; a long one piece by piece. */
final class EncodedTexts implements TextSource {
  private final String column;
  private final boolean binary;
  private final Tokenizer tokenizer;
  private byte[] whole;
  private PieceReader pieces;

  EncodedTexts(String column, DataType type, Tokenizer tokenizer) {
    this.column = column;
    this.binary = type instanceof BinaryType;
    this.tokenizer = tokenizer;
  }

  @Override
  public void open(InternalRow row, Supplier<String> place) {
    if (row.isNullAt(RowTexts.TEXT)) {
      throw new InputException("HLA_INPUT_NULL", column + " is null at " + place.get());
    }
    byte[] text =
        binary ? row.getBinary(RowTexts.TEXT) : row.getUTF8String(RowTexts.TEXT).getBytes();
    boolean isShort = text.length <= 2 * PieceReader.PIECE_BYTES;
    whole = isShort ? text : null;
    pieces =
        isShort
            ? null
            : PieceReader.ofText(new ByteArrayInputStream(text), tokenizer.borders(), place.get());
  }

  @Override
  public int[] next() {
    byte[] text = whole;
    whole = null;
    if (pieces != null) {
      try {
        text = pieces.next();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return text == null ? null : tokenizer.encode(text);
  }
}
