package io.hla.spark.page;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.stream.Collectors;

/** The frame of a page that needs no script and no other file, and its tables. */
public final class HtmlPage {
  private HtmlPage() {}

  /**
   * A whole page.
   *
   * @param kind what the page is, for those that check it
   * @param title as plain text
   * @param body as HTML
   */
  public static String of(String kind, String title, String body) {
    return """
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>%s</title><style>
        %s</style></head><body data-kind="%s">
        %s</body></html>
        """
        .formatted(Readable.escape(title), style(), kind, body);
  }

  private static String style() {
    try (InputStream style = HtmlPage.class.getResourceAsStream("page.css")) {
      return new String(style.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A table of names and plain texts. */
  public static String pairs(Map<String, String> values) {
    return values.entrySet().stream()
        .map(pair -> row(Readable.escape(pair.getKey()), Readable.escape(pair.getValue())))
        .collect(Collectors.joining("", "<table class=\"pairs\">", "</table>"));
  }

  /** A row of a table, of cells that are HTML. */
  public static String row(String... cells) {
    return "<tr><td>" + String.join("</td><td>", cells) + "</td></tr>\n";
  }
}
