package io.hla.layers;

import io.hla.kernels.Element;
import java.util.Locale;

/** What kernels trust: checked in front of every call. */
final class Shapes {
  private Shapes() {}

  static IllegalArgumentException refused(String format, Object... arguments) {
    return new IllegalArgumentException(String.format(Locale.ROOT, format, arguments));
  }

  static void linear(Weights w, Activations x, Activations y, int tokens) {
    if (!w.isWhole()) {
      throw refused("weights of %d outputs x %d inputs are damaged", w.out(), w.in());
    }
    tokens("inputs", x, tokens);
    tokens("outputs", y, tokens);
    element("inputs", x, w.element());
    element("outputs", y, w.element());
    width("inputs", x, w.in());
    width("outputs", y, w.out());
    if (x == y) {
      throw refused("inputs and outputs of a product are the same activations, expected two");
    }
  }

  static void rmsNorm(double[] weight, double epsilon, Activations x, Activations y, int tokens) {
    tokens("inputs", x, tokens);
    tokens("outputs", y, tokens);
    element("outputs", y, x.element());
    width("outputs", y, x.width());
    if (weight.length == 0 || x.width() % weight.length != 0) {
      throw refused(
          "the norm has %d weights, expected a number that divides the width %d",
          weight.length, x.width());
    }
    if (!(epsilon >= 0 && epsilon < Double.POSITIVE_INFINITY)) {
      throw refused("epsilon of the norm is %s, expected a finite number from 0 on", epsilon);
    }
  }

  static void multiplySwish(Activations gate, Activations y, int tokens) {
    tokens("gates", gate, tokens);
    tokens("outputs", y, tokens);
    element("gates", gate, y.element());
    width("gates", gate, y.width());
    if (gate == y) {
      throw refused("gates and outputs are the same activations, expected two");
    }
  }

  static void logProbability(Activations logits, int[] ids, double[] to, int tokens) {
    tokens("logits", logits, tokens);
    if (ids.length < tokens || to.length < tokens) {
      throw refused(
          "there are %d ids and room for %d log probabilities, expected %d of both",
          ids.length, to.length, tokens);
    }
    for (int t = 0; t < tokens; t++) {
      if (ids[t] < 0 || ids[t] >= logits.width()) {
        throw refused("id of token %d is %d, expected 0 to %d", t, ids[t], logits.width() - 1);
      }
    }
  }

  private static void tokens(String what, Activations activations, int tokens) {
    if (tokens < 0 || tokens > activations.capacity()) {
      throw refused(
          "%d tokens, expected 0 to %d, the capacity of the %s",
          tokens, activations.capacity(), what);
    }
  }

  private static void element(String what, Activations activations, Element expected) {
    if (activations.element() != expected) {
      throw refused("%s are of %s, expected %s", what, activations.element(), expected);
    }
  }

  private static void width(String what, Activations activations, int expected) {
    if (activations.width() != expected) {
      throw refused("%s have width %d, expected %d", what, activations.width(), expected);
    }
  }
}
