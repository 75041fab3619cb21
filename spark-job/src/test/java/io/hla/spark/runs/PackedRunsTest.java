package io.hla.spark.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.spark.table.SequenceKey;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Random;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.Test;

class PackedRunsTest {
  @Test
  void runsComeBackWithTheirOrdinals() {
    for (long seed = 0; seed < 20; seed++) {
      List<Run> runs = random(new Random(seed), 500);
      long first = seed << 33;
      assertThat(unpacked(PackedRuns.pack(5, first, runs)))
          .as("seed %d", seed)
          .isEqualTo(located(runs, first));
      assertThat(PackedRuns.count(PackedRuns.pack(5, first, runs))).isEqualTo(runs.size());
    }
  }

  @Test
  void extremePositionsComeBack() {
    List<Run> runs = new ArrayList<>();
    for (int shift = 0; shift < 64; shift++) {
      for (long near = -1; near <= 1; near++) {
        long number = (1L << shift) + near;
        runs.add(new Run(0, SequenceKey.ONLY, number, Math.max(1, number)));
        runs.add(new Run(0, SequenceKey.ONLY, -number, 1));
      }
    }
    runs.add(new Run(0, SequenceKey.ONLY, Long.MIN_VALUE, Long.MAX_VALUE));
    runs.add(new Run(0, SequenceKey.ONLY, Long.MAX_VALUE - 1, 1));
    assertThat(unpacked(PackedRuns.pack(0, 0, runs))).isEqualTo(located(runs, 0));
  }

  @Test
  void noRunsAreNone() {
    byte[] none = PackedRuns.pack(3, 9, List.of());
    assertThat(PackedRuns.count(none)).isZero();
    Iterator<LocatedRun> unpacked = PackedRuns.unpack(none);
    assertThat(unpacked.hasNext()).isFalse();
    assertThatThrownBy(unpacked::next).isInstanceOf(NoSuchElementException.class);
  }

  @Test
  void aSequenceStandsOnceForAllRunsInARow() {
    SequenceKey name = SequenceKey.of(UTF8String.fromString("n".repeat(1000)));
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      runs.add(new Run(0, name, 50L * i, 50));
    }
    assertThat(PackedRuns.pack(0, 0, runs)).hasSizeLessThan(1000 + 6 * 1000);
  }

  private static List<Run> random(Random random, int count) {
    SequenceKey[] keys = {
      SequenceKey.of(UTF8String.fromString("")),
      SequenceKey.of(UTF8String.fromString("a")),
      SequenceKey.of(UTF8String.fromString("\u00fc\u4e2d"))
    };
    List<Run> runs = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long start = random.nextLong() >> random.nextInt(64);
      long length = 1 + (random.nextLong() >>> 1 + random.nextInt(63)) / 2;
      runs.add(new Run(5, keys[random.nextInt(keys.length)], start, length));
    }
    return runs;
  }

  private static List<LocatedRun> located(List<Run> runs, long first) {
    List<LocatedRun> located = new ArrayList<>();
    runs.forEach(run -> located.add(new LocatedRun(run, first + located.size())));
    return located;
  }

  private static List<LocatedRun> unpacked(byte[] packed) {
    List<LocatedRun> runs = new ArrayList<>();
    PackedRuns.unpack(packed).forEachRemaining(runs::add);
    return runs;
  }
}
