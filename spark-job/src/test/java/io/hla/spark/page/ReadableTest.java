package io.hla.spark.page;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Numbers and axes as people read them. */
class ReadableTest {
  @Test
  void numbersAreForPeople() {
    assertThat(Readable.bytes(0)).isEqualTo("0 B");
    assertThat(Readable.bytes(999)).isEqualTo("999 B");
    assertThat(Readable.bytes(999.9)).isEqualTo("1 kB");
    assertThat(Readable.bytes(12_345_678)).isEqualTo("12.3 MB");
    assertThat(Readable.bytes(5.3e15)).isEqualTo("5.3 PB");
    assertThat(Readable.seconds(0.004)).isEqualTo("< 0.01 s");
    assertThat(Readable.seconds(1234.5)).isEqualTo("1,235 s");
    assertThat(Readable.error(0)).isEqualTo("0");
    assertThat(Readable.error(1e-5)).isEqualTo("1e-5");
    assertThat(Readable.error(1.84e-12)).isEqualTo("1.8e-12");
    assertThat(Readable.error(25)).isEqualTo("2.5e1");
    assertThat(Readable.value("summaryBytesMoved", 5e9)).isEqualTo("5 GB");
    assertThat(Readable.value("readingSeconds", 1.25)).isEqualTo("1.25 s");
    assertThat(Readable.value("runs", 1234L)).isEqualTo("1,234");
    assertThat(Readable.value("kernels", "java")).isEqualTo("java");
    assertThat(Readable.duration(99.4)).isEqualTo("99 s");
    assertThat(Readable.duration(300)).isEqualTo("5 min");
    assertThat(Readable.duration(3 * 3600 + 1200)).isEqualTo("3 h 20 min");
  }

  @Test
  void axesMarkRoundValues() {
    assertThat(Axis.linear("", 0, 19_999, 0, 1, 1, String::valueOf).ticks())
        .containsExactly(0.0, 5000.0, 10_000.0, 15_000.0);
    assertThat(Axis.logarithmic("", 3, 90, 0, 1, String::valueOf).ticks())
        .containsExactly(5.0, 10.0, 20.0, 50.0);
    assertThat(Axis.linear("", 7, 7, 10, 20, 1, String::valueOf).at(7)).isEqualTo(10);
    assertThat(Axis.logarithmic("", 1, 100, 10, 20, String::valueOf).at(10)).isEqualTo(15);
  }
}
