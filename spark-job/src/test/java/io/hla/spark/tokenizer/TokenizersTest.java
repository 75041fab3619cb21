package io.hla.spark.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.InputException;
import io.hla.spark.text.Sample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import scala.reflect.ClassTag;

class TokenizersTest {
  /** What has ever been a border, or looked like one, and what stands around it. */
  private static final String[] HOSTILE = {
    " ",
    " ",
    "  ",
    "\n",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\u000b",
    "\u0085",
    "\u00a0",
    "\u2028",
    "\u3000",
    "/",
    "//",
    "!",
    "-",
    "--",
    "'",
    "'s",
    "'S",
    "'re",
    "'\u017f",
    "\u2019s",
    "<|endoftext|>",
    "{",
    "_",
    "a",
    "the",
    " the",
    "Whale",
    "ABC",
    "aB",
    "\u00e9",
    "e\u0301",
    "\u0301",
    "\u03a3",
    "\u0391\u03a3",
    "\u4e2d\u6587",
    "\ud83d\udc33",
    "\ud83d\udc69\u200d\ud83d\udcbb",
    "\ufeff",
    "\u0e01\u0e33",
    "1",
    "12345",
    "\u0663",
    "\u00bd",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "\u0000"
  };

  @TempDir static Path folder;

  private static Path json;

  @BeforeAll
  static void write() throws IOException {
    json = Files.writeString(folder.resolve("tokenizer.json"), TokenizerFile.gpt2());
  }

  static Stream<Tokenizer> tokenizers() {
    return Stream.of(
        Tokenizers.bytes(),
        Tokenizers.words(Vocabulary.read(new Configuration(), Sample.WORDS)),
        Tokenizers.cl100kBase(),
        Tokenizers.o200kBase(),
        Tokenizers.json(new Configuration(), json.toString()));
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void piecesHaveTheIdsOfTheWhole(Tokenizer tokenizer) {
    Random random = new Random(11);
    int borders = 0;
    for (int trial = 0; trial < 8000; trial++) {
      byte[] text = hostile(random, trial % 4 == 0);
      int[] whole = tokenizer.encode(text);
      for (int cut = 1; cut < text.length; cut++) {
        if (tokenizer.borders().between(text[cut - 1], text[cut])) {
          borders++;
          int[] pieces =
              joined(
                  tokenizer.encode(Arrays.copyOf(text, cut)),
                  tokenizer.encode(Arrays.copyOfRange(text, cut, text.length)));
          assertThat(pieces)
              .as(
                  "trial %d, \"%s\" cut at %d",
                  trial, new String(text, StandardCharsets.UTF_8), cut)
              .isEqualTo(whole);
        }
      }
    }
    assertThat(borders).isGreaterThan(3000);
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void theSampleInPiecesHasTheIdsOfTheWhole(Tokenizer tokenizer) throws IOException {
    byte[] text = Files.readAllBytes(Path.of(Sample.TEXT));
    int[] whole = tokenizer.encode(text);
    Random random = new Random(12);
    List<int[]> pieces = new ArrayList<>();
    int from = 0;
    for (int at = 1; at <= text.length; at++) {
      boolean isBorder = at == text.length || tokenizer.borders().between(text[at - 1], text[at]);
      if (isBorder && (at == text.length || random.nextInt(50) == 0)) {
        pieces.add(tokenizer.encode(Arrays.copyOfRange(text, from, at)));
        from = at;
      }
    }
    assertThat(pieces).hasSizeGreaterThan(3000);
    assertThat(joined(pieces.toArray(int[][]::new))).isEqualTo(whole);
    assertThat(Arrays.stream(whole).max().getAsInt()).isLessThan(tokenizer.vocabularySize());
  }

  @ParameterizedTest
  @MethodSource("tokenizers")
  void tokenizersGoToOtherProcesses(Tokenizer tokenizer) {
    int[] ids = tokenizer.encode("Call me Ishmael.");
    for (Serializer clusters :
        List.of(new JavaSerializer(new SparkConf()), new KryoSerializer(new SparkConf()))) {
      SerializerInstance serializer = clusters.newInstance();
      ClassTag<Tokenizer> tag = ClassTag.apply(Tokenizer.class);
      Tokenizer again = serializer.deserialize(serializer.serialize(tokenizer, tag), tag);
      assertThat(again.encode("Call me Ishmael.")).isEqualTo(ids).isNotEmpty();
      assertThat(again.name()).isEqualTo(tokenizer.name());
      assertThat(again.vocabularySize()).isEqualTo(tokenizer.vocabularySize());
    }
  }

  @Test
  void bytesAreThemselves() {
    assertThat(Tokenizers.bytes().encode("aö")).containsExactly(97, 195, 182);
    assertThat(Tokenizers.bytes().encode(new byte[] {-1, 0, -128})).containsExactly(255, 0, 128);
    assertThat(Tokenizers.bytes().vocabularySize()).isEqualTo(256);
  }

  /** Ids that OpenAI's tiktoken gives. */
  @Test
  void vocabulariesOfOpenAiAreKnown() {
    assertThat(Tokenizers.cl100kBase().encode("hello world")).containsExactly(15339, 1917);
    assertThat(Tokenizers.o200kBase().encode("hello world")).containsExactly(24912, 2375);
    assertThat(Tokenizers.cl100kBase().encode("<|endoftext|>")).hasSizeGreaterThan(1);
  }

  /** Why a line may be cut off in front of letters and digits alone. */
  @Test
  void aSlashStaysWithTheLineFeedInFrontOfIt() {
    Tokenizer o200k = Tokenizers.o200kBase();
    assertThat(o200k.encode(";\n//")).isNotEqualTo(joined(o200k.encode(";\n"), o200k.encode("//")));
    assertThat(o200k.borders().between((byte) '\n', (byte) '/')).isFalse();
  }

  @Test
  void idsOfATokenizerFile() {
    Tokenizer tokenizer = Tokenizers.json(new Configuration(), json.toString());
    assertThat(tokenizer.vocabularySize()).isEqualTo(TokenizerFile.SIZE);
    assertThat(tokenizer.borders()).isEqualTo(TextBorders.SPACE);
    // "the" and " the" are merged, other bytes stand alone; nothing is added or cut off.
    assertThat(tokenizer.encode("the the")).containsExactly(257, 259);
    assertThat(tokenizer.encode("<s>")).containsExactly(260);
    assertThat(tokenizer.encode("the".repeat(5000))).hasSize(5000);
  }

  @Test
  void unknownPreTokenizersAreNotCut() throws IOException {
    String file = TokenizerFile.gpt2();
    assertThat(borders(file)).isEqualTo(TextBorders.SPACE);
    for (String[] change :
        new String[][] {
          {"\"add_prefix_space\": false", "\"add_prefix_space\": true"},
          {"\"type\": \"ByteLevel\"", "\"type\": \"Metaspace\""},
          {"\"normalizer\": null", "\"normalizer\": {\"type\": \"Lowercase\"}"},
          {"\"lstrip\": false", "\"lstrip\": true"},
          {"\"content\": \"<s>\"", "\"content\": \"a b\""}
        }) {
      assertThat(file).contains(change[0]);
      assertThat(borders(file.replaceFirst(change[0], change[1])))
          .as(change[1])
          .isEqualTo(TextBorders.NOWHERE);
    }
    String llama3 =
        "{\"type\": \"Sequence\", \"pretokenizers\": [{\"type\": \"Split\", \"pattern\":"
            + " {\"Regex\": \"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+"
            + "|\\\\p{N}{1,3}| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+"
            + "|\\\\s+(?!\\\\S)|\\\\s+\"}, \"behavior\": \"Isolated\", \"invert\": false},"
            + " {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": false}]}";
    assertThat(borders(file.replace(TokenizerFile.PRE_TOKENIZER, llama3)))
        .isEqualTo(TextBorders.SPACE);
  }

  @Test
  void refusesWhatIsNoTokenizer() throws IOException {
    refused("HLA_INPUT_MISSING", folder.resolve("none.json"), "does not exist");
    refused("HLA_TOKENIZER", Files.writeString(folder.resolve("a"), "sea"), "is no JSON");
    refused("HLA_TOKENIZER", Files.writeString(folder.resolve("b"), "{}"), "has no \"model\"");
    refused(
        "HLA_TOKENIZER",
        Files.writeString(folder.resolve("c"), "{\"model\": {\"type\": \"sea\"}}"),
        "cannot be opened");
    String dropout = TokenizerFile.gpt2().replace("\"dropout\": null", "\"dropout\": 0.1");
    refused("HLA_TOKENIZER", Files.writeString(folder.resolve("d"), dropout), "has a dropout");
  }

  /** All of the class path but DJL: other tokenizers work, and this one says what it needs. */
  @Test
  void withoutTheLibraryItSaysWhatIsMissing() throws Exception {
    List<URL> others = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(":")) {
      if (!entry.contains("djl")) {
        others.add(Path.of(entry).toUri().toURL());
      }
    }
    ClassLoader context = Thread.currentThread().getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(others.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
      // Hadoop looks for its own classes there.
      Thread.currentThread().setContextClassLoader(loader);
      Class<?> tokenizers = loader.loadClass(Tokenizers.class.getName());
      assertThat(tokenizers.getMethod("bytes").invoke(null)).isNotNull();
      Class<?> configuration = loader.loadClass(Configuration.class.getName());
      for (int time = 0; time < 2; time++) {
        assertThatThrownBy(
                () ->
                    tokenizers
                        .getMethod("json", configuration, String.class)
                        .invoke(
                            null,
                            configuration.getConstructor(boolean.class).newInstance(false),
                            json.toString()))
            .cause()
            .hasToString(
                "io.hla.spark.InputException: [HLA_TOKENIZER] "
                    + json
                    + " is read by ai.djl.huggingface:tokenizers:0.36.0, which is not on the class"
                    + " path; spark-submit takes --packages ai.djl.huggingface:tokenizers:0.36.0");
      }
    } finally {
      Thread.currentThread().setContextClassLoader(context);
    }
  }

  private static void refused(String condition, Path file, String message) {
    assertThatThrownBy(() -> Tokenizers.json(new Configuration(), file.toString()))
        .isInstanceOfSatisfying(
            InputException.class, e -> assertThat(e.condition()).isEqualTo(condition))
        .hasMessageContaining(message);
  }

  private static TextBorders borders(String file) throws IOException {
    return PreTokenizerBorders.of(new com.fasterxml.jackson.databind.ObjectMapper().readTree(file));
  }

  private static byte[] hostile(Random random, boolean malformed) {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    for (int i = 1 + random.nextInt(25); i > 0; i--) {
      text.writeBytes(HOSTILE[random.nextInt(HOSTILE.length)].getBytes(StandardCharsets.UTF_8));
      if (malformed && random.nextInt(4) == 0) {
        text.write(0x80 + random.nextInt(0x80));
      }
    }
    return text.toByteArray();
  }

  private static int[] joined(int[]... pieces) {
    return Arrays.stream(pieces).flatMapToInt(IntStream::of).toArray();
  }
}
