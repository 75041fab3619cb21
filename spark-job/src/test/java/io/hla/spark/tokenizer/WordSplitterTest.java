package io.hla.spark.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.hla.spark.text.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WordSplitterTest {
  private static final Pattern EXPRESSION =
      Pattern.compile("[a-z]+|[0-9]+|--|'s|[^\\p{IsWhite_Space}a-z0-9]");

  @Test
  void splitsAsDocumented() {
    assertThat(words("The whale's 3rd eye---'sup?\tNaïve\u00a0\ud83d\udc33!"))
        .containsExactly(
            "the",
            "whale",
            "'s",
            "3",
            "rd",
            "eye",
            "--",
            "-",
            "'s",
            "up",
            "?",
            "na",
            "ï",
            "ve",
            "\ud83d\udc33",
            "!");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", " ", "\u2003\t", "a", "-", "--", "'", "'s", "'S", "\ud83d", "\udc33x"})
  void agreesWithTheExpressionOnEdges(String line) {
    assertThat(words(line)).isEqualTo(matches(line));
  }

  @Test
  void agreesWithTheExpressionOnRandomText() {
    String alphabet =
        "abzAZİK09'sS--- \t\u000b\u0085\u00a0\u2028\u3000é\ud83d\udc33\u200b\ufeff\u001c";
    for (int seed = 0; seed < 2000; seed++) {
      Random random = new Random(seed);
      StringBuilder line = new StringBuilder();
      for (int i = random.nextInt(40); i > 0; i--) {
        line.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      assertThat(words(line.toString())).as("seed %d", seed).isEqualTo(matches(line.toString()));
    }
  }

  @Test
  void agreesWithTheExpressionOnTheSample() throws IOException {
    String text = Files.readString(Path.of(Sample.TEXT));
    assertThat(words(text)).isEqualTo(matches(text)).hasSize(261_306);
  }

  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    WordSplitter splitter = new WordSplitter(line);
    while (splitter.next()) {
      words.add(splitter.word());
    }
    return words;
  }

  private static List<String> matches(String line) {
    List<String> words = new ArrayList<>();
    Matcher matcher = EXPRESSION.matcher(line.toLowerCase(Locale.ROOT));
    while (matcher.find()) {
      words.add(matcher.group());
    }
    return words;
  }
}
