package io.hla.kernels;

import io.hla.kernels.Program.Matrix;
import io.hla.kernels.Program.Read;
import java.util.ArrayList;
import java.util.List;

/**
 * What a block of tokens has to compute once although a program asks for it several times.
 *
 * @param scores the masked products x y^T, without repetition
 * @param scoresOfRead for each read of the program, its place in {@code scores}
 * @param transposed the signals that are needed column by column
 */
record BlockPlan(List<Scores> scores, List<Integer> scoresOfRead, List<Integer> transposed) {

  /**
   * x_t . y_s times g^(decayPower (t - s)), s &lt;= t; strict: g^(decayPower (t - 1 - s)), s &lt;
   * t.
   */
  record Scores(int x, int y, int decayPower, boolean strict) {}

  BlockPlan {
    scores = List.copyOf(scores);
    scoresOfRead = List.copyOf(scoresOfRead);
    transposed = List.copyOf(transposed);
  }

  static BlockPlan of(Program program) {
    List<Scores> scores = new ArrayList<>();
    List<Integer> scoresOfRead = new ArrayList<>();
    for (Read read : program.reads()) {
      Matrix matrix = program.matrices().get(read.matrix());
      scoresOfRead.add(
          place(scores, new Scores(read.x(), matrix.y(), matrix.decayPower(), read.strict())));
    }
    List<Integer> transposed = new ArrayList<>();
    program.matrices().forEach(matrix -> place(transposed, matrix.y()));
    return new BlockPlan(scores, scoresOfRead, transposed);
  }

  private static <T> int place(List<T> list, T element) {
    if (!list.contains(element)) {
      list.add(element);
    }
    return list.indexOf(element);
  }
}
