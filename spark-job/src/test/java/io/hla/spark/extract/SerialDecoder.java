package io.hla.spark.extract;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Precision;
import io.hla.algebra.State;
import io.hla.kernels.Applier;
import io.hla.kernels.Kernels;
import io.hla.spark.model.ModelConfig;
import io.hla.spark.model.ModelDirectory;
import io.hla.spark.model.ModelTensor;
import io.hla.spark.model.ModelTensor.Role;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** The definition of a decoder: one sequence, token by token, in plain loops of doubles. */
final class SerialDecoder {
  private final ModelDirectory files;
  private final ModelConfig config;

  /** Behind every layer, from the embedding on, [tokens][D]. */
  final List<double[][]> layers = new ArrayList<>();

  /** Outputs of the attention of every layer, [tokens][H dv]. */
  final List<double[][]> attention = new ArrayList<>();

  /** Behind the final norm, [tokens][D]. */
  final double[][] hidden;

  /** Of the token behind each, [tokens - 1]. */
  final double[] scores;

  SerialDecoder(Path directory, int[] ids) {
    try (ModelDirectory opened =
        ModelDirectory.open(new Configuration(false), directory.toString(), false)) {
      files = opened;
      config = files.config();
      double[][] h = embedding(ids);
      layers.add(h);
      for (int layer = 0; layer < config.layers(); layer++) {
        h = layer(h, layer);
        layers.add(h);
      }
      hidden = norm(h, doubles(Role.FINAL_NORM));
      scores = scores(ids);
    }
  }

  private double[][] embedding(int[] ids) {
    double[] table = doubles(Role.EMBEDDING);
    double[][] rows = new double[ids.length][config.hiddenSize()];
    for (int t = 0; t < ids.length; t++) {
      System.arraycopy(table, ids[t] * config.hiddenSize(), rows[t], 0, config.hiddenSize());
    }
    return rows;
  }

  private double[][] layer(double[][] h, int layer) {
    double[][] x = norm(h, doubles(Role.ATTN_NORM, layer));
    double[][] o = attend(x, layer);
    attention.add(o);
    if (config.outputNorm()) {
      o = norm(o, doubles(Role.OUTPUT_NORM, layer));
    }
    if (config.outputGate()) {
      double[][] gate = linear(x, doubles(Role.G_PROJ, layer));
      o = multiply(o, swish(gate));
    }
    double[][] middle = add(h, linear(o, doubles(Role.O_PROJ, layer)));
    double[][] m = norm(middle, doubles(Role.MLP_NORM, layer));
    double[][] inner =
        multiply(
            swish(linear(m, doubles(Role.GATE_PROJ, layer))),
            linear(m, doubles(Role.UP_PROJ, layer)));
    return add(middle, linear(inner, doubles(Role.DOWN_PROJ, layer)));
  }

  private double[][] attend(double[][] x, int layer) {
    AttentionSettings settings = config.attention(layer, Precision.FLOAT64);
    double[][] q = linear(x, doubles(Role.Q_PROJ, layer));
    double[][] k = linear(x, doubles(Role.K_PROJ, layer));
    double[][] v = linear(x, doubles(Role.V_PROJ, layer));
    double[][] z = config.gated() ? linear(x, doubles(Role.GK_PROJ, layer)) : null;
    boolean biased = files.has(ModelTensor.of(Role.GK_BIAS, layer));
    double[][] outputs = new double[x.length][settings.outputWidth()];
    try (Applier applier = Kernels.recurrent().applier(State.initial(settings))) {
      for (int t = 0; t < x.length; t++) {
        if (z == null) {
          applier.apply(q[t], k[t], v[t], outputs[t], 0, 1);
          continue;
        }
        double[] gate = new double[settings.numHeads()];
        for (int head = 0; head < gate.length; head++) {
          double logit = z[t][head] + (biased ? doubles(Role.GK_BIAS, layer)[head] : 0);
          gate[head] =
              Math.exp(Math.log(1 / (1 + Math.exp(-logit))) / config.gateLogitNormalizer());
        }
        applier.apply(q[t], k[t], v[t], gate, outputs[t], 0, 1);
      }
    }
    return outputs;
  }

  private double[] scores(int[] ids) {
    double[][] logits = linear(hidden, doubles(config.tied() ? Role.EMBEDDING : Role.LM_HEAD));
    double[] scores = new double[Math.max(0, ids.length - 1)];
    for (int t = 0; t < scores.length; t++) {
      double largest = Double.NEGATIVE_INFINITY;
      for (double logit : logits[t]) {
        largest = Math.max(largest, logit);
      }
      double sum = 0;
      for (double logit : logits[t]) {
        sum += Math.exp(logit - largest);
      }
      scores[t] = logits[t][ids[t + 1]] - largest - Math.log(sum);
    }
    return scores;
  }

  private double[] doubles(Role role) {
    return files.doubles(ModelTensor.of(role));
  }

  private double[] doubles(Role role, int layer) {
    return files.doubles(ModelTensor.of(role, layer));
  }

  private double[][] norm(double[][] rows, double[] weight) {
    double[][] normed = new double[rows.length][];
    for (int t = 0; t < rows.length; t++) {
      normed[t] = new double[rows[t].length];
      for (int group = 0; group < rows[t].length; group += weight.length) {
        double squares = 0;
        for (int i = 0; i < weight.length; i++) {
          squares += rows[t][group + i] * rows[t][group + i];
        }
        double root = Math.sqrt(squares / weight.length + config.normEpsilon());
        for (int i = 0; i < weight.length; i++) {
          normed[t][group + i] = rows[t][group + i] / root * weight[i];
        }
      }
    }
    return normed;
  }

  private static double[][] linear(double[][] rows, double[] weights) {
    int in = rows[0].length;
    int out = weights.length / in;
    double[][] products = new double[rows.length][out];
    for (int t = 0; t < rows.length; t++) {
      for (int j = 0; j < out; j++) {
        for (int i = 0; i < in; i++) {
          products[t][j] += rows[t][i] * weights[j * in + i];
        }
      }
    }
    return products;
  }

  private static double[][] swish(double[][] rows) {
    double[][] mapped = new double[rows.length][];
    for (int t = 0; t < rows.length; t++) {
      mapped[t] = rows[t].clone();
      for (int i = 0; i < mapped[t].length; i++) {
        mapped[t][i] /= 1 + Math.exp(-mapped[t][i]);
      }
    }
    return mapped;
  }

  private static double[][] multiply(double[][] a, double[][] b) {
    double[][] product = new double[a.length][a[0].length];
    for (int t = 0; t < a.length; t++) {
      for (int i = 0; i < a[t].length; i++) {
        product[t][i] = a[t][i] * b[t][i];
      }
    }
    return product;
  }

  private static double[][] add(double[][] a, double[][] b) {
    double[][] sum = new double[a.length][a[0].length];
    for (int t = 0; t < a.length; t++) {
      for (int i = 0; i < a[t].length; i++) {
        sum[t][i] = a[t][i] + b[t][i];
      }
    }
    return sum;
  }
}
