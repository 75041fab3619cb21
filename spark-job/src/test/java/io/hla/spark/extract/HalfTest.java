package io.hla.spark.extract;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rounding to binary16 against its numbers. */
class HalfTest {
  /** The number that bits stand for. */
  static double number(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    double magnitude =
        exponent == 0
            ? fraction * 0x1p-24
            : exponent == 31
                ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
                : Math.scalb(1 + fraction * 0x1p-10, exponent - 15);
    return bits < 0 ? -magnitude : magnitude;
  }

  @Test
  void everyNumberThereIsStaysAsItIs() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      double number = number((short) bits);
      if (!Double.isNaN(number)) {
        assertThat(Half.of(number)).isEqualTo((short) bits);
      }
    }
    assertThat(number(Half.of(Double.NaN))).isNaN();
  }

  @Test
  void othersBecomeTheNearestTiesEven() {
    for (int bits = 0; bits < 0x7C00; bits++) {
      double low = number((short) bits);
      double high = bits == 0x7BFF ? 65536 : number((short) (bits + 1));
      double middle = (low + high) / 2;
      int even = bits + (bits & 1);
      assertThat(Half.of(middle)).as("%s", middle).isEqualTo((short) even);
      assertThat(Half.of(Math.nextDown(middle))).isEqualTo((short) bits);
      assertThat(Half.of(-Math.nextUp(middle))).isEqualTo((short) (0x8000 | bits + 1));
    }
    Random random = new Random(4);
    for (int i = 0; i < 1000; i++) {
      double beyond = 65520 * (1 + random.nextDouble());
      assertThat(Half.of(beyond)).isEqualTo((short) 0x7C00);
    }
  }
}
