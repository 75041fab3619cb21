package io.hla.spark.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import io.hla.spark.tokenizer.TextBorders;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PieceReaderTest {
  /**
   * Parts of any sizes: their pieces are the text, each ends at a border, and parts end in time.
   */
  @ParameterizedTest
  @EnumSource(TextBorders.class)
  void piecesOfPartsAreTheText(TextBorders borders) throws IOException {
    Random random = new Random(7);
    for (int trial = 0; trial < 300; trial++) {
      int most = trial % 10 == 0 ? 5 * PieceReader.PIECE_BYTES : 200;
      byte[] text = text(random, random.nextInt(most), trial % 3 == 0 ? 1000 : 6);
      int part = 1 + random.nextInt(trial % 2 == 0 ? Math.max(1, text.length) : 20);
      part = Math.max(part, text.length / 50);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      for (int start = 0; start < text.length; start += part) {
        for (byte[] piece : pieces(text, start, start + part, borders)) {
          int at = all.size();
          assertThat(at == 0 || borders.between(text[at - 1], text[at])).isTrue();
          assertThat(at).as("parts end at their first border").isLessThan(start + part);
          all.write(piece);
        }
      }
      assertThat(all.toByteArray()).as("trial %d, parts of %d", trial, part).isEqualTo(text);
    }
  }

  @Test
  void piecesAreSmallWhereBordersAllow() throws IOException {
    byte[] text = text(new Random(1), 1_000_000, 6);
    for (TextBorders borders : List.of(TextBorders.ANYWHERE, TextBorders.WHITE_SPACE)) {
      assertThat(pieces(text, 0, text.length, borders))
          .hasSizeGreaterThan(25)
          .allMatch(piece -> piece.length <= PieceReader.PIECE_BYTES);
    }
    assertThat(pieces(text, 0, text.length, TextBorders.NOWHERE)).containsExactly(text);
  }

  @Test
  void aByteOrderMarkIsNoTextButBytes() throws IOException {
    byte[] text = "\ufeffsea".getBytes(StandardCharsets.UTF_8);
    assertThat(pieces(text, 0, 6, TextBorders.WHITE_SPACE)).containsExactly("sea".getBytes());
    assertThat(pieces(text, 0, 6, TextBorders.NOWHERE)).containsExactly("sea".getBytes());
    assertThat(pieces(text, 0, 6, TextBorders.ANYWHERE)).containsExactly(text);
    byte[] mark = Arrays.copyOf(text, 3);
    assertThat(pieces(mark, 0, 3, TextBorders.WHITE_SPACE)).isEmpty();
  }

  @Test
  void refusesMoreThanFitsInMemory() throws IOException {
    InputStream letters =
        new InputStream() {
          @Override
          public int read() {
            return 'a';
          }

          @Override
          public int readNBytes(byte[] to, int at, int length) {
            Arrays.fill(to, at, at + length, (byte) 'a');
            return length;
          }
        };
    try (PieceReader pieces =
        PieceReader.ofText(letters, TextBorders.WHITE_SPACE, "x.txt", 1 << 18)) {
      assertThatThrownBy(pieces::next)
          .isInstanceOfSatisfying(
              InputException.class, e -> assertThat(e.condition()).isEqualTo("HLA_INPUT_TEXT"))
          .hasMessageContaining("x.txt has no place in the 262144 bytes from byte 0 on");
    }
  }

  private static List<byte[]> pieces(byte[] text, int start, int end, TextBorders borders)
      throws IOException {
    InputStream in = new ByteArrayInputStream(text);
    in.skipNBytes(Math.max(0, start - 1));
    List<byte[]> all = new ArrayList<>();
    try (PieceReader pieces = PieceReader.ofPart(in, start, end, borders, "text")) {
      for (byte[] piece = pieces.next(); piece != null; piece = pieces.next()) {
        all.add(piece);
      }
    }
    return all;
  }

  /** Bytes of all kinds; one of {@code rarity} is white space. */
  private static byte[] text(Random random, int length, int rarity) {
    byte[] text = new byte[length];
    random.nextBytes(text);
    for (int i = 0; i < length; i++) {
      text[i] = random.nextInt(rarity) == 0 ? (byte) " \n\t\r".charAt(random.nextInt(4)) : text[i];
    }
    return text;
  }
}
