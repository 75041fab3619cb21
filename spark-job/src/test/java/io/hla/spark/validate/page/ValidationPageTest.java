package io.hla.spark.validate.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

/** What stands on the page; how it looks is measured in a browser, in src/test/browser. */
class ValidationPageTest {
  private static final Pattern PICTURE = Pattern.compile("<svg.*?</svg>", Pattern.DOTALL);

  @Test
  void pagesNeedNoOtherFileAndNoScript() {
    SamplePages.all()
        .forEach(
            (name, page) ->
                assertThat(page)
                    .as(name)
                    .doesNotContain(
                        "http:", "https:", "<script", "<img", "<link", "url(", "@import")
                    .doesNotContain("NaN", "Infinity", "null"));
  }

  @Test
  void picturesAreWellFormed() {
    SamplePages.all()
        .forEach(
            (name, page) -> {
              Matcher pictures = PICTURE.matcher(page);
              int found = 0;
              while (pictures.find()) {
                assertThat(isXml(pictures.group())).as(name + ": " + pictures.group()).isTrue();
                found++;
              }
              assertThat(found).as(name).isGreaterThanOrEqualTo(5);
            });
  }

  @Test
  void whatFailsIsSaidFirst() {
    assertThat(SamplePages.fails())
        .contains("does not hold", "It is NOT, on this input", "2 of 3 checks fail")
        .contains("<li>same outputs with runs &lt;cut&gt; every 100: 3e-1, expected at most 1e-5")
        .contains("<li>flipped bit in a summary: not caught")
        .contains("7 runs &amp; 3 states")
        .doesNotContain("<cut>");
    assertThat(count("class=\"wrong\"", SamplePages.fails())).isEqualTo(3);
    assertThat(SamplePages.all().get("holds-32-runs"))
        .contains("It is, on this input", "All 1 checks hold")
        .doesNotContain("class=\"wrong\"", "FAILS");
  }

  @Test
  void theTreeHasItsLevelsAndCounts() {
    String small = TreePicture.of(32, 16);
    assertThat(small).contains("32 runs", "2 groups of up to 16", "run 1<", "run 32<");
    assertThat(count("class=\"run\"", small)).isEqualTo(32);
    assertThat(count("class=\"edge\"", small)).isEqualTo(32 + 2);
    assertThat(small).doesNotContain("\u2026");

    String large = TreePicture.of(5000, 16);
    assertThat(large).contains("5,000 runs", "313 groups", "20 groups", "2 groups", "run 5,000<");
    // 3 + 1 runs of the first group, 2 of the second and of the last; the rest is counted.
    assertThat(count("class=\"run\"", large)).isEqualTo(8);
    assertThat(large).contains("\u2026 12 \u2026", "\u2026 14 \u2026", "\u2026 4,960 \u2026");

    String single = TreePicture.of(1, 16);
    assertThat(single).contains("1 run<").doesNotContain("groups");
  }

  private static int count(String what, String text) {
    return text.split(Pattern.quote(what), -1).length - 1;
  }

  private static boolean isXml(String text) {
    try {
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new InputSource(new StringReader(text)));
      return true;
    } catch (Exception e) {
      return false;
    }
  }
}
