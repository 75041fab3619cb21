package io.hla.kernels;

import io.hla.algebra.Program;
import io.hla.algebra.Program.Matrix;
import io.hla.algebra.Program.Read;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a block has to compute once although the program asks for it several times.
 *
 * @param scores for each derived signal that is a read, the first read with the same masked product
 *     x y^T
 * @param columns for each matrix, the first matrix with the same y: y is transposed there
 */
record BlockPlan(List<Integer> scores, List<Integer> columns) {

  static BlockPlan of(Program program) {
    List<Matrix> matrices = program.matrices();
    return new BlockPlan(
        IntStream.range(0, program.derived().size()).mapToObj(r -> firstEqual(program, r)).toList(),
        matrices.stream()
            .map(m -> matrices.stream().map(Matrix::y).toList().indexOf(m.y()))
            .toList());
  }

  private static int firstEqual(Program program, int read) {
    return IntStream.range(0, read)
        .filter(earlier -> scores(program, earlier).equals(scores(program, read)))
        .findFirst()
        .orElse(read);
  }

  private static List<Object> scores(Program program, int read) {
    if (!(program.derived().get(read) instanceof Read r)) {
      return List.of(read);
    }
    Matrix m = program.matrices().get(r.matrix());
    return List.of(r.x(), m.y(), m.decayPower(), r.strict());
  }
}
