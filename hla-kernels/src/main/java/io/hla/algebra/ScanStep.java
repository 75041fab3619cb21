package io.hla.algebra;

import java.util.List;
import java.util.StringJoiner;

/**
 * One pass over the tokens that turns segments into summaries, and the rule that combines them. For
 * A followed by B every matrix of the summary becomes
 *
 * <pre>
 *   M_AB = rho_B^decayPower M_A + sum of the products whose target is M
 * </pre>
 *
 * where rho is the product of a segment's decays: g^length where the decay is constant.
 *
 * @param program what a segment runs; its matrices are the summary's and the given ones
 * @param products what segments add, for each matrix of the summary itself and its cross terms
 * @param given names of matrices that start from the state in front of the segment, known from an
 *     earlier step, instead of zero; they are not part of this step's summary
 */
record ScanStep(Program program, List<Product> products, List<String> given) {

  /**
   * rho_B^rhoPower g^decayPower rho_A^earlierPower times (left of A)^T (moment of B) (right of A),
   * added to the target.
   *
   * @param decayPower not above 0, for strict reads; the exponent of g is never negative in all
   * @param left null for none
   * @param right null for none
   */
  record Product(
      String target,
      int rhoPower,
      int decayPower,
      int earlierPower,
      String left,
      String moment,
      String right) {

    @Override
    public String toString() {
      StringJoiner text = new StringJoiner(" ");
      text.add(target).add("+=");
      factor(text, "rho_B", rhoPower);
      factor(text, "g", decayPower);
      factor(text, "rho_A", earlierPower);
      if (left != null) {
        text.add("A." + left + "^T");
      }
      text.add("B." + moment);
      if (right != null) {
        text.add("A." + right);
      }
      return text.toString();
    }

    private static void factor(StringJoiner text, String name, int power) {
      if (power != 0) {
        text.add(power == 1 ? name : name + "^" + power);
      }
    }
  }

  ScanStep {
    products = List.copyOf(products);
    given = List.copyOf(given);
  }

  /** The matrices of the summary. */
  List<Program.Matrix> summaryMatrices() {
    return program.matrices().stream().filter(m -> !given.contains(m.name())).toList();
  }
}
