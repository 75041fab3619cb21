package io.hla.spark.extract;

import io.hla.spark.InputException;
import java.io.Serializable;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which vectors of a model are the features of a token.
 *
 * @param kind of vector
 * @param layer behind which layer, from 1, for {@link Kind#LAYER} also 0: the embedding; 0 for
 *     others
 */
public record Features(Kind kind, int layer) implements Serializable {
  private static final Pattern OF_LAYER = Pattern.compile("(layer|attention):([0-9]{1,6})");

  /** Kinds of vectors. */
  public enum Kind {
    /** Behind the last layer and the final norm, [D]: what the head makes logits from. */
    HIDDEN,
    /** The residual stream behind a layer, [D]. */
    LAYER,
    /** The outputs of a layer's attention, before norm and gate, [H dv]. */
    ATTENTION,
    /** None: scores alone. */
    NONE
  }

  public Features {
    boolean valid =
        switch (kind) {
          case HIDDEN, NONE -> layer == 0;
          case LAYER -> layer >= 0;
          case ATTENTION -> layer >= 1;
        };
    if (!valid) {
      throw unknown(kind.name().toLowerCase(Locale.ROOT) + ":" + layer);
    }
  }

  /** Those behind the last layer and the final norm. */
  public static Features hidden() {
    return new Features(Kind.HIDDEN, 0);
  }

  /** The residual stream behind layer {@code n}, from 1; 0 is the embedding. */
  public static Features layer(int n) {
    return new Features(Kind.LAYER, n);
  }

  /** The outputs of the attention of layer {@code n}, from 1. */
  public static Features attention(int n) {
    return new Features(Kind.ATTENTION, n);
  }

  /** No features. */
  public static Features none() {
    return new Features(Kind.NONE, 0);
  }

  /**
   * Reads hidden, layer:N, attention:N or none.
   *
   * @throws InputException HLA_FEATURES
   */
  public static Features of(String text) {
    Matcher matcher = OF_LAYER.matcher(text);
    if (matcher.matches()) {
      int layer = Integer.parseInt(matcher.group(2));
      return new Features(Kind.valueOf(matcher.group(1).toUpperCase(Locale.ROOT)), layer);
    }
    return switch (text) {
      case "hidden" -> hidden();
      case "none" -> none();
      default -> throw unknown(text);
    };
  }

  private static InputException unknown(String text) {
    return new InputException(
        "HLA_FEATURES",
        "features are " + text + ", expected hidden, layer:N from 0, attention:N from 1, or none");
  }

  /** As {@link #of} reads it. */
  @Override
  public String toString() {
    String name = kind.name().toLowerCase(Locale.ROOT);
    return kind == Kind.LAYER || kind == Kind.ATTENTION ? name + ":" + layer : name;
  }

  /** Layers that have to be computed, the last one up to its attention alone if that is asked. */
  int layers(int all) {
    return kind == Kind.HIDDEN || kind == Kind.NONE ? all : layer;
  }
}
