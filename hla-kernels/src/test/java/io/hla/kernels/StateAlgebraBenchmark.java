package io.hla.kernels;

import io.hla.algebra.AttentionSettings;
import io.hla.algebra.Operator;
import io.hla.algebra.State;
import io.hla.algebra.Summary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.util.Statistics;

/**
 * What the scan does at each node, for one head: combine summaries, advance a state, and turn both
 * into bytes and back. Every call is timed, so that the best and the median say something on a busy
 * machine too.
 */
@org.openjdk.jmh.annotations.State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class StateAlgebraBenchmark {
  private static final int TOKENS = 200;

  @Param({"hla2", "hla3"})
  public String operator;

  /** d and dv. */
  @Param({"64", "128"})
  public int size;

  private Summary earlier;
  private Summary later;
  private State state;
  private byte[] summaryBytes;
  private byte[] stateBytes;

  @Setup
  public void summarize() {
    AttentionSettings settings =
        AttentionSettings.builder(size, size)
            .operator(Operator.parse(operator))
            .decay(0.999)
            .build();
    State zero = State.initial(settings);
    earlier = Stretch.normal(settings, TOKENS, 1).summary(Kernels.java(), 0, zero);
    later = Stretch.normal(settings, TOKENS, 2).summary(Kernels.java(), 0, zero);
    state = zero.advance(earlier);
    summaryBytes = earlier.toBytes();
    stateBytes = state.toBytes();
  }

  @Benchmark
  public Summary combine() {
    return earlier.combine(later);
  }

  @Benchmark
  public State advance() {
    return state.advance(later);
  }

  @Benchmark
  public byte[] summaryToBytes() {
    return earlier.toBytes();
  }

  @Benchmark
  public Summary summaryFromBytes() {
    return Summary.fromBytes(summaryBytes);
  }

  @Benchmark
  public byte[] stateToBytes() {
    return state.toBytes();
  }

  @Benchmark
  public State stateFromBytes() {
    return State.fromBytes(stateBytes);
  }

  /** Runs them and writes the results to a file. Arguments: the file, then options of JMH. */
  public static void main(String[] arguments) throws Exception {
    String[] options = Arrays.copyOfRange(arguments, 1, arguments.length);
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .parent(new CommandLineOptions(options))
                    .include(StateAlgebraBenchmark.class.getName())
                    .build())
            .run();
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            "%s %s%n%s%n%n%-18s %-6s %4s %12s %12s %12s %9s%n",
            System.getProperty("java.vm.name"),
            System.getProperty("java.vm.version"),
            processor(),
            "us a call",
            "",
            "d",
            "best",
            "median",
            "mean",
            "calls"));
    for (RunResult result : results) {
      Statistics times = result.getPrimaryResult().getStatistics();
      text.append(
          String.format(
              "%-18s %-6s %4s %12.1f %12.1f %12.1f %9d%n",
              result.getPrimaryResult().getLabel(),
              result.getParams().getParam("operator"),
              result.getParams().getParam("size"),
              times.getMin(),
              times.getPercentile(50),
              times.getMean(),
              times.getN()));
    }
    Path file = Path.of(arguments[0]).toAbsolutePath();
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static String processor() throws IOException {
    Path info = Path.of("/proc/cpuinfo");
    String unknown = System.getProperty("os.arch");
    if (!Files.exists(info)) {
      return unknown;
    }
    return Files.readAllLines(info).stream()
        .filter(line -> line.startsWith("model name"))
        .map(line -> line.substring(line.indexOf(':') + 1).trim())
        .findFirst()
        .orElse(unknown);
  }
}
