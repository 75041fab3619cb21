package io.hla.algebra;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is printed of an operator's cost. */
class OperatorCostTest {

  @Test
  void secondOrder() {
    assertThat(OperatorCost.of(AttentionSettings.builder(64, 32).heads(4, 2).decay(0.9).build()))
        .hasToString(
            """
            operator hla2
              state of 4 heads: S [64 x 64], F [64 x 32], 98,816 bytes
              output: 24,576 operations for a token and head
              scan step 1 of 1: 3 moments, 164,352 bytes a summary, 24,576 operations
                S [64 x 64], F [64 x 32], <q|v>1 [64 x 32]
                S += B.S
                F += B.F
                F += rho_B A.S^T B.<q|v>1
                <q|v>1 += B.<q|v>1""");
  }

  @Test
  void stepsAreExplained() {
    OperatorCost cost =
        OperatorCost.of(AttentionSettings.builder(4, 4).operator(Operator.hla(6)).build());
    assertThat(cost.steps()).hasSize(2);
    assertThat(cost.toString())
        .endsWith("because of F4: the rows of F2, which it reads, depend on the state");
  }
}
