package io.hla.kernels;

import java.util.List;

/**
 * One pass over the tokens that turns segments into summaries, and the rule that combines them. For
 * A followed by B, with rho = g^length(B), every matrix of the summary becomes
 *
 * <pre>
 *   M_AB = rho^decayPower M_A + M_B + sum of the products whose target is M
 * </pre>
 *
 * @param program what a segment runs; its matrices are the summary's and the given ones
 * @param products the cross terms
 * @param given names of matrices that start from the state in front of the segment, known from an
 *     earlier step, instead of zero; they are not part of this step's summary
 */
record ScanStep(Program program, List<Product> products, List<String> given) {

  /** Which of the two neighbours a factor is taken from. */
  enum Side {
    EARLIER,
    LATER
  }

  /** One matrix of one neighbour. */
  record Factor(String matrix, Side side) {
    static Factor earlier(String matrix) {
      return new Factor(matrix, Side.EARLIER);
    }

    static Factor later(String matrix) {
      return new Factor(matrix, Side.LATER);
    }
  }

  /** rho^rhoPower g^decayPower times the matrix product of the factors, added to the target. */
  record Product(String target, int rhoPower, int decayPower, List<Factor> factors) {
    Product(String target, int rhoPower, int decayPower, Factor... factors) {
      this(target, rhoPower, decayPower, List.of(factors));
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
