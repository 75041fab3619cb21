package io.hla.algebra;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.StringJoiner;

/**
 * What an operator costs under some settings: what its state holds, what each pass over the tokens
 * summarizes segments by, and how summaries combine.
 *
 * @param settings the settings
 * @param matrices of the state of a query head, each with its size
 * @param stateBytes bytes of a state of all heads
 * @param operations floating-point operations of a token and query head for its output
 * @param steps the passes over the tokens that the scan needs, at least one
 * @param whySteps what asks for more than one; empty if nothing does
 */
public record OperatorCost(
    AttentionSettings settings,
    List<String> matrices,
    long stateBytes,
    double operations,
    List<Step> steps,
    Optional<String> whySteps) {

  /**
   * One pass over the tokens.
   *
   * @param matrices of the summary of a segment for a query head, each with its size
   * @param bytes bytes of a summary of all heads
   * @param operations floating-point operations of a token and query head
   * @param rules for A followed by B, what is added to each matrix beside that of A, which decays
   */
  public record Step(List<String> matrices, long bytes, double operations, List<String> rules) {}

  /**
   * The cost of an operator.
   *
   * @throws SettingsException if there is no such operator under these settings
   */
  public static OperatorCost of(AttentionSettings settings) {
    Algebra algebra = Algebra.of(settings);
    List<Step> steps = new ArrayList<>();
    for (int step = 0; step < algebra.steps().size(); step++) {
      ScanStep scan = algebra.step(step);
      steps.add(
          new Step(
              matrices(algebra.summaryLayout(step)),
              Summary.sizeInBytes(settings, step),
              operations(scan.program(), settings),
              scan.products().stream().map(ScanStep.Product::toString).toList()));
    }
    return new OperatorCost(
        settings,
        matrices(algebra.stateLayout()),
        State.initial(settings).sizeInBytes(),
        operations(algebra.outputs(), settings),
        List.copyOf(steps),
        Derivation.whySteps(algebra.outputs()));
  }

  private static List<String> matrices(MatrixLayout layout) {
    List<String> matrices = new ArrayList<>();
    for (int m = 0; m < layout.count(); m++) {
      matrices.add(
          String.format(
              Locale.ROOT,
              "%s [%d x %d]",
              layout.matrix(m).name(),
              layout.rows(m),
              layout.columns(m)));
    }
    return matrices;
  }

  /** A multiplication and an addition for each element of each update and each read. */
  private static double operations(Program program, AttentionSettings settings) {
    double operations = 0;
    for (Program.Matrix matrix : program.matrices()) {
      operations += 2.0 * area(program, matrix, settings);
    }
    for (Program.Derived signal : program.derived()) {
      operations +=
          signal instanceof Program.Read read
              ? 2.0 * area(program, program.matrices().get(read.matrix()), settings)
              : program.width(signal.x(), settings);
    }
    return operations;
  }

  private static double area(Program program, Program.Matrix matrix, AttentionSettings settings) {
    return (double) program.width(matrix.y(), settings) * program.width(matrix.z(), settings);
  }

  /** Some lines for people. */
  @Override
  public String toString() {
    StringJoiner lines = new StringJoiner("\n");
    lines.add("operator " + settings.operator().text());
    lines.add(
        String.format(
            Locale.ROOT,
            "  state of %s: %s, %,d bytes",
            count(settings.numHeads(), "head"),
            String.join(", ", matrices),
            stateBytes));
    lines.add(
        String.format(Locale.ROOT, "  output: %,.0f operations for a token and head", operations));
    for (int i = 0; i < steps.size(); i++) {
      Step step = steps.get(i);
      lines.add(
          String.format(
              Locale.ROOT,
              "  scan step %d of %d: %s, %,d bytes a summary, %,.0f operations",
              i + 1,
              steps.size(),
              count(step.matrices.size(), "moment"),
              step.bytes,
              step.operations));
      lines.add("    " + String.join(", ", step.matrices));
      step.rules.forEach(rule -> lines.add("    " + rule));
    }
    whySteps.ifPresent(reason -> lines.add("  more than one step because of " + reason));
    return lines.toString();
  }

  private static String count(int count, String what) {
    return count + " " + what + (count == 1 ? "" : "s");
  }
}
