package io.hla.algebra;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/** A mix of the options that every variant has, by name. */
public record Options(String name, UnaryOperator<AttentionSettings.Builder> set) {

  /**
   * Together: no decay, decay far from and close to 1, decay so small that its powers underflow
   * within a batch, a decay of its own for each head, grouped heads, every feature map, scale,
   * normalization, and the ridge where it belongs. Denominators stay away from 0: maps are
   * positive, and the published forms, which subtract differently decayed sums, normalize without
   * decay only.
   */
  public static List<Options> of(Variant variant) {
    boolean exact = variant.form() == Form.EXACT && !variant.subtracts();
    List<Options> all =
        new ArrayList<>(
            List.of(
                new Options("plain", b -> b),
                new Options("decay-l2", b -> b.decay(0.97).featureMap(FeatureMap.L2)),
                new Options("tiny-decay", b -> b.decay(1e-6).scale(0.25)),
                new Options(
                    "normalize-elu1",
                    b -> b.normalize(true).featureMap(FeatureMap.ELU1).scale(0.5).heads(3, 1)),
                new Options(
                    "mixed-decay-grouped-normalize-relu",
                    b ->
                        b.heads(4, 2)
                            .decay(List.of(1.0, 0.5, 0.99, 1e-6))
                            .normalize(exact)
                            .epsilon(0.125)
                            .featureMap(FeatureMap.RELU)),
                new Options(
                    "gates-grouped-normalize-elu1",
                    b ->
                        b.gated(true)
                            .heads(4, 2)
                            .decay(List.of(1.0, 0.5, 0.99, 1.0))
                            .normalize(exact)
                            .featureMap(FeatureMap.ELU1))));
    if (variant.hasRidge()) {
      all.add(new Options("ridge", b -> b.ridge(0.75)));
      all.add(
          new Options(
              "ridge-decay-normalize",
              b -> b.ridge(0.75).decay(0.9).normalize(exact).featureMap(FeatureMap.ELU1)));
    }
    return all;
  }

  @Override
  public String toString() {
    return name;
  }
}
