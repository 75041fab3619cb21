package io.hla.spark.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.Precision;
import io.hla.kernels.AttentionKernel;
import io.hla.kernels.Element;
import io.hla.kernels.Kernels;
import io.hla.spark.bench.KernelBenchmark;
import io.hla.spark.bench.KernelBenchmark.Pass;
import io.hla.spark.bench.KernelBenchmark.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** One thread of every kernel, rows as a job has them. */
@Command(
    name = "kernels",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Time of one token and query head on one thread, useful work and its share of the multiply-add",
      "peak, measured in the same process. Useful work is what the definition counts: 4 x rows x columns",
      "operations for each linear attention and query head; where query heads of a KV head share",
      "matrices, the share may pass 1. Every case is first compared with the recurrence."
    },
    footer = {
      "",
      "Example:",
      "  submit.sh bench kernels --operator hla2,hla3 --head-dim 64,128 --precision mixed --json rows.json"
    })
final class BenchKernelsCommand implements Callable<Integer> {
  @Option(
      names = "--operator",
      split = ",",
      paramLabel = "linear|hla2|hla3|..|ahla|ahla3|..",
      converter = OperatorConverter.class,
      description = "Default: hla2.")
  private List<Operator> operators = List.of();

  @Option(
      names = "--program",
      paramLabel = "STATEMENTS",
      description = "Linear attentions, in addition: 'u = LA(q, k, k); o = LA(q, u, v, g^2)'.")
  private List<String> programs = List.of();

  @Option(
      names = "--head-dim",
      split = ",",
      paramLabel = "d",
      description = "Default: 16,32,64,128.")
  private List<Integer> headDims = List.of(16, 32, 64, 128);

  @Option(names = "--value-dim", paramLabel = "dv", description = "Default: d.")
  private Integer valueDim;

  @Option(
      names = "--precision",
      split = ",",
      paramLabel = "float64|mixed|float32",
      description = "Default: float64.")
  private List<Precision> precisions = List.of(AttentionSettings.DEFAULT_PRECISION);

  @Option(names = "--num-heads", paramLabel = "H", description = "Query heads. Default: 1.")
  private int numHeads = 1;

  @Option(names = "--num-kv-heads", paramLabel = "Hkv", description = "Default: H.")
  private Integer numKvHeads;

  @Option(
      names = "--call",
      split = ",",
      paramLabel = "TOKENS",
      description = "Tokens of a call; 1 is what decoding asks for. Default: what the cache holds.")
  private List<Integer> calls = List.of(0);

  @Option(
      names = "--rows",
      paramLabel = "float|double",
      description = "What rows of tokens hold in float64; floats otherwise. Default: float.")
  private Element element = Element.FLOAT;

  @Option(names = "--normalize", description = "With the denominator. Default: without.")
  private boolean normalize;

  @Option(names = "--decay", paramLabel = "g", description = "Default: 1.")
  private double decay = 1;

  @Option(names = "--ridge", paramLabel = "x", description = "For hla2. Default: 0.")
  private double ridge;

  @Option(
      names = "--isa",
      split = ",",
      paramLabel = "SET",
      description = "Caps of the native kernels' instruction set. Default: auto, the best.")
  private List<String> instructionSets = List.of("auto");

  @Option(
      names = "--pass",
      split = ",",
      paramLabel = "apply|summarize|combine|advance",
      description = {
        "Default: apply and summarize. combine and advance are steps of the scan, from bytes to bytes,",
        "in milliseconds each."
      })
  private List<Pass> passes = List.of(Pass.APPLY, Pass.SUMMARIZE);

  @Option(
      names = "--seconds",
      paramLabel = "s",
      description = "For each case; the best counts. Default: 1.")
  private double seconds = 1;

  @Option(names = "--json", paramLabel = "FILE", description = "The rows for machines.")
  private Path json;

  /** Operators that are written down as one would write them. */
  private static final List<Operator> PLAIN =
      List.of(Operator.LINEAR, Operator.HLA2, Operator.AHLA, Operator.HLA3);

  private final List<Map<String, Object>> rows = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    System.out.printf(
        Locale.ROOT, "%s %s%n%s%n%n", System.getProperty("java.vm.name"), Runtime.version(), cpu());
    System.out.printf(
        Locale.ROOT,
        "%-8s %-10s %4s %4s %6s %5s %-8s %-16s %-12s %10s %10s %8s %6s%n",
        "operator",
        "pass",
        "d",
        "dv",
        "H/Hkv",
        "call",
        "precision",
        "kernels",
        "isa",
        "us/token",
        "GFLOP/s",
        "peak",
        "ratio");
    for (Operator operator : chosen()) {
      for (int d : headDims) {
        for (Precision precision : precisions) {
          AttentionSettings settings =
              AttentionSettings.builder(d, valueDim == null ? d : valueDim)
                  .operator(operator)
                  .heads(numHeads, numKvHeads == null ? numHeads : numKvHeads)
                  .scale(1 / Math.sqrt(d))
                  .precision(precision)
                  .normalize(normalize)
                  .decay(decay)
                  .ridge(ridge)
                  .build();
          for (int call : calls) {
            compare(settings, call);
          }
        }
      }
    }
    if (json != null) {
      Files.createDirectories(json.toAbsolutePath().getParent());
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValue(json.toFile(), rows);
    }
    return 0;
  }

  private List<Operator> chosen() {
    List<Operator> chosen = new ArrayList<>(operators);
    programs.forEach(program -> chosen.add(Operator.program(program)));
    return chosen.isEmpty() ? List.of(Operator.HLA2) : chosen;
  }

  private static String cpu() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    if (Files.isReadable(info)) {
      for (String line : Files.readAllLines(info)) {
        if (line.startsWith("model name")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    }
    return System.getProperty("os.arch");
  }

  private void compare(AttentionSettings settings, int call) {
    double peak = Double.NaN;
    for (Pass pass : passes) {
      if (!pass.isOfTokens()) {
        scanRow(settings, pass);
        continue;
      }
      for (String cap : instructionSets) {
        Result result = measure(Kernels.choose("native", cap), settings, pass, call, Double.NaN);
        peak = Double.isNaN(peak) ? result.peakGigaflops() : Math.max(peak, result.peakGigaflops());
      }
      measure(Kernels.java(), settings, pass, call, peak);
    }
    if (passes.stream().noneMatch(Pass::isOfTokens) || !hasPlainRecurrence(settings)) {
      return;
    }
    row(
        settings,
        Pass.APPLY,
        0,
        "plain recurrence",
        "jvm",
        KernelBenchmark.plainRecurrence(settings, seconds),
        peak);
  }

  private static boolean hasPlainRecurrence(AttentionSettings settings) {
    return PLAIN.contains(settings.operator());
  }

  /** A step of the scan: the whole of it, all heads. */
  private void scanRow(AttentionSettings settings, Pass pass) {
    double millis = KernelBenchmark.scanMillis(settings, pass, seconds);
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("operator", settings.operator().text());
    row.put("pass", pass.name().toLowerCase(java.util.Locale.ROOT));
    row.put("headDim", settings.headDim());
    row.put("valueDim", settings.valueDim());
    row.put("numHeads", settings.numHeads());
    row.put("numKvHeads", settings.numKvHeads());
    row.put("millis", millis);
    rows.add(row);
    System.out.printf(
        Locale.ROOT,
        "%-8s %-10s %4d %4d %6s %.4f ms%n",
        row.get("operator"),
        row.get("pass"),
        settings.headDim(),
        settings.valueDim(),
        settings.numHeads() + "/" + settings.numKvHeads(),
        millis);
  }

  private Result measure(
      AttentionKernel kernel, AttentionSettings settings, Pass pass, int call, double peak) {
    Element rows = settings.precision() == Precision.FLOAT64 ? element : Element.FLOAT;
    Result result = KernelBenchmark.measure(kernel, settings, pass, call, rows, seconds);
    row(settings, pass, call, kernel.name(), kernel.instructionSet(), result, peak);
    return result;
  }

  /** Java has no measured peak of its own: it is held against the native one. */
  private void row(
      AttentionSettings settings,
      Pass pass,
      int call,
      String kernels,
      String isa,
      Result result,
      double nativePeak) {
    double peak = Double.isNaN(result.peakGigaflops()) ? nativePeak : result.peakGigaflops();
    double ratio = result.gigaflops() / peak;
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("operator", settings.operator().text());
    row.put("pass", pass.name().toLowerCase(java.util.Locale.ROOT));
    row.put("headDim", settings.headDim());
    row.put("valueDim", settings.valueDim());
    row.put("numHeads", settings.numHeads());
    row.put("numKvHeads", settings.numKvHeads());
    row.put("callTokens", call);
    row.put("precision", settings.precision().text());
    row.put("kernels", kernels);
    row.put("isa", isa);
    row.put("microsPerToken", result.nanoseconds() / 1e3);
    row.put("usefulGflops", result.gigaflops());
    row.put("peakGflops", peak);
    row.put("ratio", ratio);
    rows.add(row);
    System.out.printf(
        Locale.ROOT,
        "%-8s %-10s %4d %4d %6s %5s %-8s %-16s %-12s %10.4f %10.2f %8.1f %6.3f%n",
        row.get("operator"),
        row.get("pass"),
        settings.headDim(),
        settings.valueDim(),
        settings.numHeads() + "/" + settings.numKvHeads(),
        call == 0 ? "-" : call,
        settings.precision().text(),
        kernels,
        isa,
        result.nanoseconds() / 1e3,
        result.gigaflops(),
        peak,
        ratio);
  }
}
