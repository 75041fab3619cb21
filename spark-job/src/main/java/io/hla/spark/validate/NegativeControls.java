package io.hla.spark.validate;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.State;
import io.hla.algebra.StateException;
import io.hla.algebra.Summary;
import io.hla.kernels.AttentionKernel;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Things that are wrong and have to be noticed, besides what {@link PlantedErrors} plants in jobs:
 * on the tokens of the input, or on random ones where the input has too few for anything to go
 * wrong, or zeros that hide it.
 */
final class NegativeControls {
  private static final double NOTICED = 1e-6;
  private static final double DECAY = 0.9;
  private static final int PIECES = 3;
  private static final long SEED = 1;

  private final AttentionSettings settings;
  private final AttentionKernel kernel;
  private final Tokens tokens;

  NegativeControls(AttentionSettings settings, AttentionKernel kernel, Tokens tokens) {
    this.settings = settings;
    this.kernel = kernel;
    this.tokens = tokens;
  }

  List<Check> checks() {
    return List.of(
        Check.caught(
            "paper's 4.2 as printed",
            onTokens(
                of -> PrintedOperators.maskedSecondOrder(queries(of), keys(of), values(of), DECAY)),
            NOTICED,
            "two bracketings of three tokens at decay 0.9 differ"),
        Check.caught(
            "paper's 6.2 as printed",
            onTokens(of -> PrintedOperators.asymmetric(queries(of), keys(of), values(of), DECAY)),
            NOTICED,
            "two bracketings of three tokens at decay 0.9 differ"),
        flippedBit());
  }

  private double onTokens(ToDoubleFunction<Tokens> error) {
    double onInput = tokens.count() < PIECES ? 0 : error.applyAsDouble(tokens);
    return onInput > NOTICED ? onInput : error.applyAsDouble(Tokens.random(settings, PIECES, SEED));
  }

  private Check flippedBit() {
    byte[] bytes = tokens.summary(kernel, 0, State.initial(settings)).toBytes();
    bytes[bytes.length / 2] ^= 1;
    boolean raised = false;
    try {
      Summary.fromBytes(bytes);
    } catch (StateException e) {
      raised = true;
    }
    return Check.refused("flipped bit in a summary", raised, "bit 0 of byte " + bytes.length / 2);
  }

  private double[][] queries(Tokens of) {
    return firstHead(of.q(), settings.queryWidth(), settings.headDim());
  }

  private double[][] keys(Tokens of) {
    return firstHead(of.k(), settings.keyWidth(), settings.headDim());
  }

  private double[][] values(Tokens of) {
    return firstHead(of.v(), settings.valueWidth(), settings.valueDim());
  }

  private static double[][] firstHead(double[] packed, int width, int size) {
    double[][] rows = new double[Math.min(3, packed.length / width)][];
    for (int t = 0; t < rows.length; t++) {
      rows[t] = Arrays.copyOfRange(packed, t * width, t * width + size);
    }
    return rows;
  }
}
