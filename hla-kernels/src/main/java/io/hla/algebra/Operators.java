package io.hla.algebra;

import static io.hla.algebra.Program.KEY;
import static io.hla.algebra.Program.QUERY;
import static io.hla.algebra.Program.VALUE;

/**
 * Every operator as data: the program that gives outputs. Its scan follows from it, see {@link
 * Derivation}.
 *
 * <p>Signals are written as in {@code package-info}: u = LA(q; k, k; g), r = LA(q; k, v; g).
 */
final class Operators {
  private Operators() {}

  /** The program that turns a state and tokens into outputs; its matrices are the state's. */
  static Program outputs(AttentionSettings settings) {
    Program.Builder p = new Program.Builder();
    Operator operator = settings.operator();
    if (settings.mask() == Mask.NONE && !operator.equals(Operator.LINEAR)) {
      return prefixMoments(operator, p);
    }
    if (settings.form() == Form.PUBLISHED) {
      return operator.equals(Operator.HLA2) ? hla2Published(p, settings.ridge()) : hla3Published(p);
    }
    return switch (operator.family()) {
      case LINEAR -> p.output(1, level(p, KEY, VALUE, "P", 1)).build();
      case HLA -> hla(p, settings);
      case AHLA -> ahla(p, operator.order());
      case PROGRAM -> ProgramText.parse(operator.text()).build(p);
    };
  }

  // Sections 3.1, 6.1, 7.1 without a mask: q_t^T times a product of prefix moments.
  private static Program prefixMoments(Operator operator, Program.Builder p) {
    int o;
    if (operator.equals(Operator.HLA2)) {
      o = p.read(p.read(QUERY, s(p)), p.matrix("C", QUERY, VALUE, 1));
    } else if (operator.equals(Operator.AHLA)) {
      o = p.read(p.read(QUERY, p.matrix("R", KEY, QUERY, 1)), p.matrix("P", KEY, VALUE, 1));
    } else {
      int u = p.read(p.read(QUERY, s(p)), p.matrix("Q", QUERY, QUERY, 1));
      o = p.read(u, p.matrix("P", KEY, VALUE, 1));
    }
    return p.output(1, o).build();
  }

  /** LA(q; y, z; g^power). */
  private static int level(Program.Builder p, int y, int z, String matrix, int power) {
    return p.read(QUERY, p.matrix(matrix, y, z, power));
  }

  private static int s(Program.Builder p) {
    return p.matrix("S", KEY, KEY, 1);
  }

  // Sections 4.3 and 7.1 with every index decaying from its position on: x_N = LA(q; u, x_(N-2);
  // g^N). The ridge of section 3.3 adds lambda LA(q; q, v; g) to order 2. Without decay that is
  // what
  // a start of S from lambda I adds, which costs nothing.
  private static Program hla(Program.Builder p, AttentionSettings settings) {
    int order = settings.operator().order();
    int u = p.read(QUERY, p.matrix("S", KEY, KEY, 1, settings.decays() ? 0 : settings.ridge()));
    int x = order % 2 == 0 ? VALUE : level(p, KEY, VALUE, "P", 1);
    for (int n = order % 2 + 2; n <= order; n += 2) {
      x = level(p, u, x, n == order ? "F" : "F" + n, n);
    }
    p.output(1, x);
    return settings.decays() ? ridge(p, settings.ridge()) : p.build();
  }

  // Section 4.3 as printed: o = q_t^T (S_t C_t - G_t), G_t = g G_(t-1) + k_t (k_t^T C_(t-1)).
  private static Program hla2Published(Program.Builder p, double ridge) {
    int c = p.matrix("C", QUERY, VALUE, 1);
    int w = p.readBefore(KEY, c);
    int u = p.read(QUERY, s(p));
    p.output(1, p.read(u, c));
    p.output(-1, p.read(QUERY, p.matrix("G", KEY, w, 1)));
    return ridge(p, ridge);
  }

  private static Program ridge(Program.Builder p, double ridge) {
    if (ridge != 0) {
      p.output(ridge, p.read(QUERY, p.matrix("C", QUERY, VALUE, 1)));
    }
    return p.build();
  }

  // Section 6.1, again and again: x_N = LA(q; k, x_(N-1); g).
  private static Program ahla(Program.Builder p, int order) {
    int x = level(p, KEY, VALUE, "P", 1);
    for (int n = 2; n <= order; n++) {
      x = level(p, KEY, x, n == order ? "E" : "E" + n, 1);
    }
    return p.output(1, x).build();
  }

  // Algorithm 3: o = q_t^T (S_t Q_t P_t - G1_t - G2_t - G3_t), the corrections from strict
  // prefixes.
  private static Program hla3Published(Program.Builder p) {
    int s = s(p);
    int q = p.matrix("Q", QUERY, QUERY, 1);
    int v = p.matrix("P", KEY, VALUE, 1);
    int x = p.readBefore(KEY, q);
    int g1 = p.matrix("G1", KEY, p.readBefore(x, v), 1);
    int g2 = p.matrix("G2", p.readBefore(QUERY, s), p.readBefore(QUERY, v), 1);
    int g3 = p.matrix("G3", p.readBefore(x, s), VALUE, 1);
    p.output(1, p.read(p.read(p.read(QUERY, s), q), v));
    p.output(-1, p.read(QUERY, g1)).output(-1, p.read(QUERY, g2)).output(-1, p.read(QUERY, g3));
    return p.build();
  }
}
