package io.hla.spark;

import io.hla.algebra.Form;
import io.hla.algebra.Mask;
import io.hla.algebra.Operator;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** The operators that tests of jobs go through. */
public final class Operators {
  /** A program whose summaries depend on what stands in front of them. */
  public static final Operator TWO_STEPS =
      Operator.program("w = LA<(LA(q, k, k), q, v); o = LA(q, k, w)");

  private Operators() {}

  /** Those of the paper. */
  public static Stream<Operator> paper() {
    return Stream.of(Operator.LINEAR, Operator.HLA2, Operator.AHLA, Operator.HLA3);
  }

  /** Those of the paper, higher orders, and a program that needs two scan steps. */
  public static Stream<Operator> all() {
    return Stream.concat(
        paper(), Stream.of(Operator.hla(4), Operator.ahla(3), Operators.TWO_STEPS));
  }

  /** All of {@link #all} in the forms that they have. */
  public static Stream<Arguments> forms() {
    return all()
        .flatMap(
            operator ->
                Stream.of(Form.values())
                    .filter(form -> has(operator, Mask.CAUSAL, form))
                    .map(form -> Arguments.of(operator, form)));
  }

  /** All of some operators with the masks and forms that they have. */
  public static Stream<Arguments> variants(Stream<Operator> operators) {
    return operators.flatMap(
        operator ->
            Stream.of(Mask.values())
                .flatMap(
                    mask ->
                        Stream.of(Form.values())
                            .filter(form -> has(operator, mask, form))
                            .map(form -> Arguments.of(operator, mask, form))));
  }

  private static boolean has(Operator operator, Mask mask, Form form) {
    boolean printed = operator.equals(Operator.HLA2) || operator.equals(Operator.HLA3);
    return form == Form.PUBLISHED
        ? printed && mask == Mask.CAUSAL
        : mask == Mask.CAUSAL || paper().anyMatch(operator::equals);
  }
}
