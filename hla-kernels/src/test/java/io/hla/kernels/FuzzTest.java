package io.hla.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.SettingsException;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.algebra.Summary;
import io.hla.algebra.Variant;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random settings, streams and calls, right ones and wrong ones. The same cases in every build;
 * {@code -Dhla.fuzz.count} runs more of them, {@code -Dhla.fuzz.seed} others. What fails names the
 * seed of its case, which runs alone with that seed and a count of 1.
 */
class FuzzTest {
  private static final long SEED = Long.getLong("hla.fuzz.seed", 1);
  private static final int COUNT = Integer.getInteger("hla.fuzz.count", 800);

  @Test
  void callsComputeTheRecurrenceOrAreRefused() {
    System.out.printf("Fuzz: %d cases from seed %d on%n", COUNT, SEED);
    List<TestKernels> kernels = TestKernels.sweeping().toList();
    for (long seed = SEED; seed < SEED + COUNT; seed++) {
      FuzzCase fuzz = FuzzCase.of(kernels, seed);
      try {
        fuzz.run();
      } catch (RuntimeException | Error e) {
        throw new AssertionError("case " + fuzz, e);
      }
    }
  }

  @Test
  void sizesThatNoArrayHoldsAreRefused() {
    Random random = new Random(SEED);
    int[] large = {1 << 16, 46341, 1 << 30, Integer.MAX_VALUE - 1, Integer.MAX_VALUE};
    for (Variant variant : Variant.all()) {
      for (int i = 0; i < 50; i++) {
        AttentionSettings settings =
            variant
                .settings(large[random.nextInt(large.length)], large[random.nextInt(large.length)])
                .heads(1 << random.nextInt(4), 1)
                .normalize(random.nextBoolean())
                .build();
        assertThatThrownBy(() -> State.initial(settings))
            .as("%s", settings)
            .isInstanceOf(SettingsException.class)
            .hasMessageContaining("2^31");
      }
    }
  }

  @Test
  void damagedBytesAreRefused() {
    AttentionSettings settings = AttentionSettings.builder(3, 2).build();
    State state =
        Stretch.normal(settings, 9, SEED).stateBehind(Kernels.java(), State.initial(settings));
    byte[] bytes = state.toBytes();
    assertThat(State.fromBytes(bytes).values()).isEqualTo(state.values());
    for (int i = 0; i < bytes.length; i++) {
      byte[] flipped = bytes.clone();
      flipped[i] ^= (byte) (1 << i % 8);
      byte[] cut = java.util.Arrays.copyOf(bytes, i);
      assertThatThrownBy(() -> State.fromBytes(flipped)).isInstanceOf(StateException.class);
      assertThatThrownBy(() -> State.fromBytes(cut)).isInstanceOf(StateException.class);
      assertThatThrownBy(() -> Summary.fromBytes(bytes)).isInstanceOf(StateException.class);
    }
  }
}
