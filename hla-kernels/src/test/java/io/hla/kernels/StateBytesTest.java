package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.algebra.Summary;
import io.hla.algebra.Variant;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The bytes of states and summaries: nothing is lost, and nothing damaged is read. */
class StateBytesTest {
  /** Two KV heads with two query heads each; the first pair decays alike, the second does not. */
  private static AttentionSettings grouped(Variant variant) {
    return variant
        .settings(3, 2)
        .heads(4, 2)
        .decay(List.of(0.5, 0.5, 0.5, 0.25))
        .normalize(true)
        .precision(Precision.FLOAT64)
        .build();
  }

  static List<Variant> variants() {
    return Variant.all();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void statesComeBackToTheBit(Variant variant) {
    AttentionSettings settings = grouped(variant);
    Stretch tokens = Stretch.normal(settings, 37, 5);
    TestKernels.all()
        .forEach(
            kernel -> {
              State state = tokens.stateBehind(kernel.get(), State.initial(settings));
              assertSame(State.fromBytes(state.toBytes()), state);
            });
  }

  @ParameterizedTest
  @MethodSource("variants")
  void summariesComeBackToTheBit(Variant variant) {
    AttentionSettings settings = grouped(variant);
    Stretch tokens = Stretch.normal(settings, 37, 6);
    TestKernels.all()
        .forEach(
            kernel -> {
              for (int step = 0; step < Summary.steps(settings); step++) {
                Summary summary = tokens.summary(kernel.get(), step, State.initial(settings));
                Summary read = Summary.fromBytes(summary.toBytes());
                assertThat(read.values()).isEqualTo(summary.values());
                assertThat(read.tokens()).isEqualTo(37);
                assertThat(read.step()).isEqualTo(step);
                assertThat(read.settings()).isEqualTo(settings);
              }
            });
  }

  @Test
  void symmetricAndSharedMatricesStandOnce() {
    AttentionSettings one = AttentionSettings.builder(8, 8).heads(4, 1).decay(0.5).build();
    AttentionSettings apart =
        AttentionSettings.builder(8, 8).heads(4, 1).decay(List.of(0.5, 0.6, 0.7, 0.8)).build();
    // S: a triangle of 36; F: 64 a head.
    assertThat(State.initial(one).sizeInBytes()).isEqualTo(8 * (36 + 4 * 64));
    assertThat(State.initial(apart).sizeInBytes()).isEqualTo(8 * (4 * 36 + 4 * 64));
  }

  /** Files of version 1; they are only ever read. The streams are integers, so values are exact. */
  @Test
  void readsVersion1() throws IOException {
    AttentionSettings settings =
        AttentionSettings.builder(3, 2)
            .operator(Operator.HLA3)
            .heads(2, 1)
            .decay(0.5)
            .precision(Precision.FLOAT64)
            .build();
    Stretch tokens = Stretch.integers(settings, 9, 11);
    State state = tokens.stateBehind(Kernels.recurrent(), State.initial(settings));
    Summary summary = tokens.summary(Kernels.recurrent(), 0, State.initial(settings));
    assertSame(State.fromBytes(resource("state-v1.bin")), state);
    assertThat(Summary.fromBytes(resource("summary-v1.bin")).values()).isEqualTo(summary.values());
    assertThat(state.toBytes()).isEqualTo(resource("state-v1.bin"));
    assertThat(summary.toBytes()).isEqualTo(resource("summary-v1.bin"));
  }

  @Test
  void everyFlippedBitIsNoticed() throws IOException {
    byte[] bytes = resource("state-v1.bin");
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      byte[] damaged = bytes.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> State.fromBytes(damaged))
          .as("bit %d", bit)
          .isInstanceOf(StateException.class);
    }
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    byte[] bytes = resource("state-v1.bin");
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> State.fromBytes(cut))
          .as("%d bytes", length)
          .isInstanceOf(StateException.class)
          .extracting(e -> ((StateException) e).condition())
          .isEqualTo("HLA_STATE_DAMAGED");
    }
  }

  /** 20 tokens of a batch of 32 or 64; natives put the decay of the first head off. */
  @Test
  void decayThatIsPutOffIsKept() throws IOException {
    AttentionSettings settings =
        AttentionSettings.builder(3, 2).heads(2, 1).decay(List.of(0.9, 1.0)).build();
    for (TestKernels kernel : TestKernels.natives().toList()) {
      State state =
          Stretch.normal(settings, 20, 5).stateBehind(kernel.get(), State.initial(settings));
      byte[] bytes = state.toBytes();
      State read = State.fromBytes(bytes);
      assertThat(bytes[4]).isEqualTo((byte) 3);
      assertThat(read.pendingDecay().isSame(state.pendingDecay())).isTrue();
      assertThat(read.pendingDecay().tokens()).isEqualTo(20);
      assertThat(read.values()).isEqualTo(state.values());
      assertThat(read.matrix("S", 0)).isNotEqualTo(read.unsettled());
      assertThat(read.toBytes()).isEqualTo(bytes);
      State.check(bytes, settings);
      assertThat(State.describe(bytes).matrices()).isEqualTo(state.matrices());
      refuses(
          "HLA_STATE_DAMAGED",
          "scan step",
          () -> State.fromBytes(withChecksum(bytes, 4, (byte) 1)));
      int exponent = 32 + ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(8) + 7;
      for (byte wrong : new byte[] {0x40, 0x7f, (byte) 0xbf}) {
        refuses(
            "HLA_STATE_DAMAGED",
            "a factor of",
            () -> State.fromBytes(withChecksum(bytes, exponent, wrong)));
      }
    }
    byte[] whole = State.initial(settings).toBytes();
    refuses(
        "HLA_STATE_DAMAGED", "scan step", () -> State.fromBytes(withChecksum(whole, 4, (byte) 3)));
  }

  @Test
  void aNewerVersionIsNamed() throws IOException {
    byte[] newer = withChecksum(resource("state-v1.bin"), 4, (byte) 4);
    assertThatThrownBy(() -> State.fromBytes(newer))
        .hasMessage("the state has version 4, this program reads up to 3")
        .extracting(e -> ((StateException) e).condition())
        .isEqualTo("HLA_STATE_VERSION");
  }

  @Test
  void aSummaryIsNotAState() throws IOException {
    byte[] summary = resource("summary-v1.bin");
    assertThatThrownBy(() -> State.fromBytes(summary)).hasMessageContaining("kind 2, expected 1");
  }

  @Test
  void otherSettingsAreRefusedWithBothValues() {
    State state = State.initial(AttentionSettings.builder(3, 2).decay(0.5).build());
    Summary other = Summary.identity(AttentionSettings.builder(3, 2).decay(0.25).build(), 0);
    assertThatThrownBy(() -> state.advance(other))
        .hasMessageContaining("decay is [0.25], expected [0.5]")
        .extracting(e -> ((StateException) e).condition())
        .isEqualTo("HLA_STATE_SETTINGS");
  }

  @Test
  void checkTakesWhatCanBeRead() throws IOException {
    byte[] bytes = resource("state-v1.bin");
    State.check(bytes, State.fromBytes(bytes).settings());
    for (Variant variant : Variant.all()) {
      AttentionSettings settings = grouped(variant);
      State.check(State.initial(settings).toBytes(), settings);
    }
  }

  @Test
  void checkRefusesDamageAsReadingDoes() throws IOException {
    byte[] bytes = resource("state-v1.bin");
    AttentionSettings settings = State.fromBytes(bytes).settings();
    for (int bit = 0; bit < 8 * bytes.length; bit++) {
      byte[] damaged = bytes.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> State.check(damaged, settings))
          .as("bit %d", bit)
          .isInstanceOf(StateException.class);
    }
    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      refuses("HLA_STATE_DAMAGED", "the state ", () -> State.check(cut, settings));
    }
    byte[] newer = withChecksum(bytes, 4, (byte) 4);
    refuses("HLA_STATE_VERSION", "version 4", () -> State.check(newer, settings));
    byte[] summary = resource("summary-v1.bin");
    refuses("HLA_STATE_DAMAGED", "kind 2, expected 1", () -> State.check(summary, settings));
  }

  @Test
  void checkRefusesOtherSettingsWithBothValues() {
    AttentionSettings settings = AttentionSettings.builder(3, 2).decay(0.5).build();
    byte[] other = State.initial(AttentionSettings.builder(3, 2).decay(0.25).build()).toBytes();
    refuses(
        "HLA_STATE_SETTINGS",
        "cannot continue from a state of other settings: decay is [0.25], expected [0.5]",
        () -> State.check(other, settings));
    byte[] narrow = State.initial(AttentionSettings.builder(2, 2).decay(0.5).build()).toBytes();
    refuses("HLA_STATE_SETTINGS", "is 2, expected 3", () -> State.check(narrow, settings));
  }

  /** Bytes that are whole, with one matrix element more or fewer than their settings need. */
  @Test
  void checkRefusesStatesOfAnotherSize() {
    AttentionSettings settings = AttentionSettings.builder(3, 2).decay(0.5).build();
    byte[] bytes = State.initial(settings).toBytes();
    int values = (int) (State.initial(settings).sizeInBytes() / 8);
    for (int count : new int[] {0, values - 1, values + 1}) {
      byte[] resized = Arrays.copyOf(bytes, bytes.length + 8 * (count - values));
      int at = bytes.length - 4 - 8 * values - 8;
      ByteBuffer.wrap(resized).order(ByteOrder.LITTLE_ENDIAN).putLong(at, count);
      byte[] whole = withChecksum(resized, 0, resized[0]);
      String message =
          String.format("the state has %d values, its settings need %d", count, values);
      refuses("HLA_STATE_DAMAGED", message, () -> State.check(whole, settings));
      refuses("HLA_STATE_DAMAGED", message, () -> State.fromBytes(whole));
    }
  }

  @Test
  void isDescribedAsItWouldBeRead() throws IOException {
    State state = State.fromBytes(resource("state-v1.bin"));
    State.Description described = State.describe(state.toBytes());
    assertThat(described.settings()).isEqualTo(state.settings());
    assertThat(described.tokens()).isEqualTo(state.tokens());
    assertThat(described.matrices()).isEqualTo(state.matrices());
  }

  /** 20,000 heads that share one matrix of 64 x 64, 33 kB of values. */
  @Test
  void craftedBytesTakeNoMemory() {
    int heads = 20_000;
    AttentionSettings crafted =
        AttentionSettings.builder(64, 64).operator(Operator.LINEAR).heads(heads, 1).build();
    AttentionSettings small = AttentionSettings.builder(64, 64).operator(Operator.LINEAR).build();
    byte[] shared = crafted(crafted, State.initial(small).sizeInBytes() / 8);
    byte[] huge = crafted(crafted, 3);
    var thread = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = thread.getCurrentThreadAllocatedBytes();
    refuses("HLA_STATE_SETTINGS", "num-heads is 20000", () -> State.check(shared, small));
    assertThat(State.describe(shared).settings()).isEqualTo(crafted);
    String message = "the state has 3 values, its settings need 4096";
    refuses("HLA_STATE_DAMAGED", message, () -> State.describe(huge));
    refuses("HLA_STATE_DAMAGED", message, () -> State.fromBytes(huge));
    refuses("HLA_STATE_DAMAGED", message, () -> State.check(huge, crafted));
    assertThat(thread.getCurrentThreadAllocatedBytes() - before).isLessThan(100L << 20);
  }

  /** Settings that no layout has room for. */
  @Test
  void settingsOfNoStateAreDamage() {
    AttentionSettings settings = AttentionSettings.builder(50_000, 50_000).build();
    byte[] bytes = crafted(settings, 1);
    refuses("HLA_STATE_DAMAGED", "has over 2^31 values", () -> State.describe(bytes));
    refuses("HLA_STATE_DAMAGED", "has over 2^31 values", () -> State.fromBytes(bytes));
    byte[] many = crafted(AttentionSettings.builder(1, 1).heads(1 << 20, 1).build(), 1);
    refuses("HLA_STATE_DAMAGED", "has over 2^20 matrices", () -> State.describe(many));
  }

  /** The bytes of a state of zeros, written by the drawing in StateBytes. */
  private static byte[] crafted(AttentionSettings settings, long values) {
    StringJoiner lines = new StringJoiner("\n");
    settings.describe().forEach((name, value) -> lines.add(name + "=" + value));
    byte[] text = lines.toString().getBytes(StandardCharsets.UTF_8);
    int size = (int) (36 + text.length + 8 * values);
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.put("HLAS".getBytes(StandardCharsets.US_ASCII)).putShort((short) 1).putShort((short) 1);
    out.putInt(text.length).put(text).putInt(0).putLong(0).putLong(values);
    return withChecksum(out.array(), 0, (byte) 'H');
  }

  private static void refuses(String condition, String message, Runnable work) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(
            StateException.class, e -> assertThat(e.condition()).isEqualTo(condition))
        .hasMessageContaining(message);
  }

  private static void assertSame(State actual, State expected) {
    assertThat(actual.values()).isEqualTo(expected.values());
    assertThat(actual.tokens()).isEqualTo(expected.tokens());
    assertThat(actual.settings()).isEqualTo(expected.settings());
  }

  private static byte[] withChecksum(byte[] bytes, int at, byte value) {
    byte[] changed = bytes.clone();
    changed[at] = value;
    CRC32C crc = new CRC32C();
    crc.update(changed, 0, changed.length - 4);
    ByteBuffer.wrap(changed)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(changed.length - 4, (int) crc.getValue());
    return changed;
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = StateBytesTest.class.getResourceAsStream("/state/" + name)) {
      return in.readAllBytes();
    }
  }
}
