package io.hla.spark.cli;

import io.hla.kernels.Kernels;
import io.hla.spark.Attention;
import io.hla.spark.ComputeSettings;
import io.hla.spark.InputOrder;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How a job computes. */
final class ComputeOptions {
  /** What happens to NaN and infinity. */
  enum OnNonFinite {
    FAIL,
    PROPAGATE
  }

  @Option(
      names = "--kernels",
      paramLabel = "auto|java|native",
      description = "auto (default): native where it can be loaded, else Java.")
  private String kernels = "auto";

  @Option(
      names = "--isa",
      paramLabel = "auto|baseline|avx2|avx512",
      description = "The best instruction set that native kernels may use. Default: auto.")
  private String instructionSet = "auto";

  @Option(
      names = "--input-order",
      paramLabel = "auto|stored|sort",
      description =
          "Read tokens where they lie, or sort them first. auto (default) sorts when that"
              + " moves fewer bytes.")
  private InputOrder inputOrder = InputOrder.AUTO;

  @Option(
      names = "--on-nonfinite",
      paramLabel = "fail|propagate",
      description = "NaN and infinity, in the input and where sums overflow. Default: fail.")
  private OnNonFinite onNonFinite = OnNonFinite.FAIL;

  @Option(
      names = "--fan-in",
      paramLabel = "N",
      description = "Children of a node of the prefix tree, from 2. Default: 16.")
  private int fanIn = ComputeSettings.DEFAULT_FAN_IN;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Refuses what no cluster could run. Throws SettingsException for a kernel of another name. */
  void check() {
    if (fanIn < 2) {
      throw new ParameterException(
          command.commandLine(), "--fan-in is " + fanIn + ", expected at least 2");
    }
    try {
      Kernels.choose(kernels, instructionSet);
    } catch (IllegalStateException unavailable) {
      // Here, which says nothing about the executors.
      return;
    }
  }

  /** What was asked for, by name. */
  Map<String, Object> describe() {
    Map<String, Object> options = new LinkedHashMap<>();
    options.put("kernels", kernels);
    options.put("isa", instructionSet);
    options.put("input-order", inputOrder.name().toLowerCase(Locale.ROOT));
    options.put("on-nonfinite", onNonFinite.name().toLowerCase(Locale.ROOT));
    options.put("fan-in", fanIn);
    return options;
  }

  /** The request with these options and the settings of the session that go with them. */
  Attention applyTo(Attention request, SparkSession spark) {
    return request.compute(applyTo(request.compute(), spark));
  }

  /** Settings with these options and what the session says of memory. */
  ComputeSettings applyTo(ComputeSettings settings, SparkSession spark) {
    return settings
        .withKernels(kernels, instructionSet)
        .withOrder(inputOrder)
        .withRefuseNonFinite(onNonFinite == OnNonFinite.FAIL)
        .withFanIn(fanIn)
        .configured(spark.sparkContext().getConf());
  }
}
