package io.hla.layers;

import io.hla.kernels.AttentionKernel;
import io.hla.kernels.NativeKernel;

/**
 * The parts of a decoder layer that work token by token. Activations of float are computed in
 * float, those of double in double, and every kernel and instruction set gives the same bits, at
 * any number of tokens a call. A NaN has no bits of its own: where one gives NaN, all do.
 *
 * <p>Kernels have no state and can be shared by threads. Lengths, widths and elements that do not
 * fit are an {@link IllegalArgumentException}, in front of any change.
 */
public abstract sealed class LayerKernel permits JavaLayers, NativeLayers {
  /** Inputs of a part of a sum; parts are added in order. HLA_PART in hla_layers.h. */
  static final int PART = 256;

  /** Native ones with the instruction set of a native kernel, else Java's. */
  public static LayerKernel of(AttentionKernel kernel) {
    return kernel instanceof NativeKernel
        ? new NativeLayers(kernel.instructionSet())
        : JavaLayers.INSTANCE;
  }

  /**
   * y = x W^T. An output is the sum over parts of 256 inputs, added in order, and each part one
   * chain of fused multiply-adds from 0 on.
   *
   * @param x inputs, of width {@link Weights#in}
   * @param y outputs, of width {@link Weights#out}
   */
  public final void linear(Weights w, Activations x, Activations y, int tokens) {
    Shapes.linear(w, x, y, tokens);
    multiply(w, x, y, tokens, false);
  }

  /** y += x W^T: what {@link #linear} gives is added to y at last. */
  public final void addLinear(Weights w, Activations x, Activations y, int tokens) {
    Shapes.linear(w, x, y, tokens);
    multiply(w, x, y, tokens, true);
  }

  /**
   * y_i = x_i / sqrt(mean of x^2 + epsilon) weight_i, over groups of as many numbers as there are
   * weights; in double, rounded once.
   *
   * @param weight as many as divide the width
   * @param epsilon from 0 on
   * @param y outputs, of the width of x; may be x
   */
  public final void rmsNorm(
      double[] weight, double epsilon, Activations x, Activations y, int tokens) {
    Shapes.rmsNorm(weight, epsilon, x, y, tokens);
    normalize(weight, epsilon, x, y, tokens * (x.width() / weight.length));
  }

  /** y *= z / (1 + exp(-z)) for the numbers z of {@code gate}, which has the width of y. */
  public final void multiplySwish(Activations gate, Activations y, int tokens) {
    Shapes.multiplySwish(gate, y, tokens);
    multiplySwish(gate, y, 0, tokens * y.width());
  }

  /**
   * The natural logarithm of the softmax of logits, at one id a token: to[t] = logits[t][ids[t]] -
   * log(sum of exp(logits[t])), in double, with the largest logit taken out.
   *
   * @param ids from 0 to the width of the logits, without it
   */
  public final void logProbability(Activations logits, int[] ids, double[] to, int tokens) {
    Shapes.logProbability(logits, ids, to, tokens);
    logProbabilityOf(logits, ids, to, tokens);
  }

  abstract void multiply(Weights w, Activations x, Activations y, int tokens, boolean add);

  abstract void normalize(
      double[] weight, double epsilon, Activations x, Activations y, int groups);

  abstract void multiplySwish(Activations gate, Activations y, int from, int count);

  abstract void logProbabilityOf(Activations logits, int[] ids, double[] to, int tokens);
}
