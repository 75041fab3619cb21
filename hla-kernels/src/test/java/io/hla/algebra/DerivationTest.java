package io.hla.algebra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hla.algebra.ScanStep.Product;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is derived from programs: rows by hand, numbers of moments, steps and their reasons. */
class DerivationTest {

  private static List<ScanStep> scan(AttentionSettings.Builder settings) {
    AttentionSettings built = settings.build();
    return Derivation.scan(Operators.outputs(built), built.gated());
  }

  private static List<String> rows(List<ScanStep> steps) {
    return steps.stream().flatMap(s -> s.products().stream()).map(Product::toString).toList();
  }

  private static AttentionSettings.Builder of(Operator operator) {
    return AttentionSettings.builder(3, 2).operator(operator);
  }

  @Test
  void rowsOfThePapersOperators() {
    assertThat(rows(scan(of(Operator.LINEAR)))).containsExactly("P += B.P");
    // C = <q|v>1
    assertThat(rows(scan(of(Operator.HLA2))))
        .containsExactly("S += B.S", "F += B.F", "F += rho_B A.S^T B.<q|v>1", "<q|v>1 += B.<q|v>1");
    // R = <k|q>0, which is never attenuated
    assertThat(rows(scan(of(Operator.AHLA))))
        .containsExactly("P += B.P", "E += B.E", "E += rho_B B.<k|q>0 A.P", "<k|q>0 += B.<k|q>0");
    // X = <q|q.P>2, Y = <q.S|q>2, Z = <q|q>1
    assertThat(rows(scan(of(Operator.HLA3))))
        .containsExactly(
            "S += B.S",
            "P += B.P",
            "F += B.F",
            "F += rho_B A.S^T B.<q|q.P>2",
            "F += rho_B B.<q.S|q>2 A.P",
            "F += rho_B^2 A.S^T B.<q|q>1 A.P",
            "<q|q.P>2 += B.<q|q.P>2",
            "<q|q.P>2 += rho_B B.<q|q>1 A.P",
            "<q.S|q>2 += B.<q.S|q>2",
            "<q.S|q>2 += rho_B A.S^T B.<q|q>1",
            "<q|q>1 += B.<q|q>1");
    // S0 = <k|k>0, and what a strict read does not see
    assertThat(rows(scan(of(Operator.HLA2).form(Form.PUBLISHED))))
        .containsExactly(
            "C += B.C",
            "S += B.S",
            "G += B.G",
            "G += rho_B g^-1 B.<k|k>0 A.C",
            "<k|k>0 += B.<k|k>0");
  }

  /** The signals at cuts are weighted instead: nothing is divided by, and gates may be 0. */
  @Test
  void rowsWithGates() {
    assertThat(rows(scan(of(Operator.HLA2).gated(true))))
        .containsExactly(
            "S += B.S", "F += B.F", "F += A.S^T B.<q~1|v>2", "<q~1|v>2 += rho_A B.<q~1|v>2");
    assertThat(rows(scan(of(Operator.HLA2).form(Form.PUBLISHED).gated(true))))
        .contains("G += B.<k|k~<1>1 A.C");
  }

  /** A constant decay for which a moment would have to grow is weighted, too. */
  @Test
  void whatWouldGrowIsWeighted() {
    assertThat(rows(scan(of(Operator.program("u = LA(q, k, k, g^2); o = LA(q, u, v)")))))
        .containsExactly(
            "u += B.u", "o += B.o", "o += A.u^T B.<q~2|v>1", "<q~2|v>1 += rho_A^2 B.<q~2|v>1");
  }

  /** A word of m different letters needs m (m + 1) / 2 moments, one of m equal ones 2 m - 1. */
  @ParameterizedTest
  @CsvSource({"linear,1", "hla2,3", "ahla,3", "hla3,6", "ahla3,5", "ahla4,7", "ahla10,19"})
  void mountainsNeedOneStep(String operator, int moments) {
    List<ScanStep> steps = scan(of(Operator.parse(operator)));
    assertThat(steps).hasSize(1);
    assertThat(steps.get(0).summaryMatrices()).hasSize(moments);
    assertThat(Derivation.whySteps(Operators.outputs(of(Operator.parse(operator)).build())))
        .isEmpty();
  }

  /** Rows of the last sum come from S, so that what they read is no tower: known S, it is a sum. */
  @ParameterizedTest
  @CsvSource({"hla4,2", "hla5,2", "hla6,2", "hla10,2"})
  void higherOrdersOfTheSymmetricFamilyNeedTwo(String operator, int steps) {
    assertThat(scan(of(Operator.parse(operator)))).hasSize(steps);
    assertThat(
            Derivation.whySteps(Operators.outputs(of(Operator.parse(operator)).build()))
                .orElseThrow())
        .endsWith("which it reads, depend on the state");
  }

  @Test
  void stepsOfThePublishedThirdOrder() {
    List<ScanStep> steps = scan(of(Operator.HLA3).form(Form.PUBLISHED));
    assertThat(steps.get(0).summaryMatrices().stream().map(Program.Matrix::name))
        .containsExactly("S", "Q", "P");
    assertThat(steps.get(1).summaryMatrices().stream().map(Program.Matrix::name))
        .containsExactly("G1", "G2", "G3");
    assertThat(rows(steps)).hasSize(6);
    assertThat(
            Derivation.whySteps(Operators.outputs(of(Operator.HLA3).form(Form.PUBLISHED).build())))
        .contains("G1: P is read by a signal that depends on the state");
  }

  /** Three steps: each matrix is read by what the one before gives. */
  @Test
  void asManyStepsAsThereAreReadsOfReads() {
    List<ScanStep> steps =
        scan(
            of(
                Operator.program(
                    "a = LA(LA(q, k, k), q, k); b = LA(a, k, q); o = LA(q, k, LA(b, q, v))")));
    assertThat(steps).hasSize(2);
    steps =
        scan(
            of(
                Operator.program(
                    "a = LA(LA(q, k, k), q, k); b = LA(a, a, q); o = LA(q, k, LA(b, b, v))")));
    assertThat(steps).hasSizeGreaterThanOrEqualTo(3);
  }

  /** Every signal is used three times by the next: what is behind it is looked at once. */
  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void deepProgramsAreDerivedAtOnce() {
    StringBuilder text = new StringBuilder("a0 = LA(q, k, k)");
    for (int i = 1; i < 30; i++) {
      text.append(String.format("; a%d = LA(a%d, a%d, a%d)", i, i - 1, i - 1, i - 1));
    }
    text.append("; o = LA(a29, a29, v)");
    assertThat(scan(of(Operator.program(text.toString())))).hasSizeGreaterThan(10);
  }

  @Test
  void programsThatAreTooLargeAreRefused() {
    StringBuilder text = new StringBuilder("a0 = LA(q, k, k)");
    for (int i = 1; i < 70; i++) {
      text.append("; a").append(i).append(" = LA(q, k, a").append(i - 1).append(")");
    }
    text.append("; o = LA(q, a69, v)");
    assertThatThrownBy(() -> State.initial(of(Operator.program(text.toString())).build()))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("matrices 65, expected at most 64");
    assertThatThrownBy(() -> Operator.ahla(11))
        .hasMessage("operator is ahla11, expected an order from 1 to 10");
  }
}
