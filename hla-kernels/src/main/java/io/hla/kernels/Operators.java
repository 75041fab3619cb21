package io.hla.kernels;

import static io.hla.kernels.Program.KEY;
import static io.hla.kernels.Program.QUERY;
import static io.hla.kernels.Program.VALUE;
import static io.hla.kernels.ScanStep.Factor.earlier;
import static io.hla.kernels.ScanStep.Factor.later;

import io.hla.kernels.ScanStep.Product;
import java.util.List;

/**
 * Every operator as data: the program that gives outputs, and the steps of its scan.
 *
 * <p>Signals are written as in {@code package-info}: u = LA(q; k, k; g), r = LA(q; k, v; g).
 */
final class Operators {
  private Operators() {}

  /** The program that turns a state and tokens into outputs; its matrices are the state's. */
  static Program outputs(AttentionSettings settings) {
    Program.Builder p = new Program.Builder();
    if (settings.operator() == Operator.LINEAR) {
      return p.output(1, p.read(QUERY, p.matrix("P", KEY, VALUE, 1))).build();
    }
    if (settings.mask() == Mask.NONE) {
      return prefixMoments(settings.operator(), p);
    }
    boolean exact = settings.form() == Form.EXACT;
    return switch (settings.operator()) {
      case HLA2 -> exact ? hla2(p, settings) : hla2Published(p, settings.ridge());
      case AHLA -> ahla(p);
      case HLA3 -> exact ? hla3(p) : hla3Published(p);
      case LINEAR -> throw new AssertionError("handled above");
    };
  }

  /** The scan of an operator: the summary of a segment and how neighbours combine, step by step. */
  static List<ScanStep> scan(AttentionSettings settings) {
    Program outputs = outputs(settings);
    if (settings.operator() == Operator.LINEAR || settings.mask() == Mask.NONE) {
      return List.of(moments(outputs));
    }
    boolean exact = settings.form() == Form.EXACT;
    return switch (settings.operator()) {
      case HLA2 -> List.of(exact ? hla2Scan() : hla2PublishedScan());
      case AHLA -> List.of(ahlaScan());
      case HLA3 -> exact ? List.of(hla3Scan()) : hla3PublishedScan();
      case LINEAR -> throw new AssertionError("handled above");
    };
  }

  // Sections 3.1, 6.1, 7.1 without a mask: q_t^T times a product of prefix moments.
  private static Program prefixMoments(Operator operator, Program.Builder p) {
    int o =
        switch (operator) {
          case HLA2 -> p.read(p.read(QUERY, s(p)), p.matrix("C", QUERY, VALUE, 1));
          case AHLA ->
              p.read(p.read(QUERY, p.matrix("R", KEY, QUERY, 1)), p.matrix("P", KEY, VALUE, 1));
          case HLA3 ->
              p.read(
                  p.read(p.read(QUERY, s(p)), p.matrix("Q", QUERY, QUERY, 1)),
                  p.matrix("P", KEY, VALUE, 1));
          case LINEAR -> throw new AssertionError("has no second factor");
        };
    return p.output(1, o).build();
  }

  private static int s(Program.Builder p) {
    return p.matrix("S", KEY, KEY, 1);
  }

  // o = LA(q; u, v; g^2), and lambda LA(q; q, v; g) of section 3.3. Without decay the latter is
  // what a
  // start of S from lambda I adds, which costs nothing.
  private static Program hla2(Program.Builder p, AttentionSettings settings) {
    boolean decays = settings.decay().stream().anyMatch(g -> g != 1);
    int s = p.matrix("S", KEY, KEY, 1, decays ? 0 : settings.ridge());
    int u = p.read(QUERY, s);
    p.output(1, p.read(QUERY, p.matrix("F", u, VALUE, 2)));
    return decays ? ridge(p, settings.ridge()) : p.build();
  }

  private static ScanStep hla2Scan() {
    Program.Builder p = new Program.Builder();
    int u = p.read(QUERY, s(p));
    p.matrix("F", u, VALUE, 2);
    p.matrix("C", QUERY, VALUE, 1);
    return new ScanStep(
        p.build(), List.of(new Product("F", 1, 0, earlier("S"), later("C"))), List.of());
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

  private static ScanStep hla2PublishedScan() {
    Program.Builder p = new Program.Builder();
    int c = p.matrix("C", QUERY, VALUE, 1);
    int w = p.readBefore(KEY, c);
    s(p);
    p.matrix("G", KEY, w, 1);
    p.matrix("S0", KEY, KEY, 0);
    return new ScanStep(
        p.build(), List.of(new Product("G", 1, -1, later("S0"), earlier("C"))), List.of());
  }

  private static Program ridge(Program.Builder p, double ridge) {
    if (ridge != 0) {
      p.output(ridge, p.read(QUERY, p.matrix("C", QUERY, VALUE, 1)));
    }
    return p.build();
  }

  // Section 6.1: o = LA(q; k, r; g).
  private static Program ahla(Program.Builder p) {
    int r = p.read(QUERY, p.matrix("P", KEY, VALUE, 1));
    return p.output(1, p.read(QUERY, p.matrix("E", KEY, r, 1))).build();
  }

  // Section 6.2 attenuates R with the segment; the operator is associative only when it does not.
  private static ScanStep ahlaScan() {
    Program.Builder p = new Program.Builder();
    int r = p.read(QUERY, p.matrix("P", KEY, VALUE, 1));
    p.matrix("E", KEY, r, 1);
    p.matrix("R", KEY, QUERY, 0);
    return new ScanStep(
        p.build(), List.of(new Product("E", 1, 0, later("R"), earlier("P"))), List.of());
  }

  // The masked third order sum over i, j <= u <= t: o = LA(q; u, r; g^3).
  private static Program hla3(Program.Builder p) {
    int u = p.read(QUERY, s(p));
    int r = p.read(QUERY, p.matrix("P", KEY, VALUE, 1));
    return p.output(1, p.read(QUERY, p.matrix("F", u, r, 3))).build();
  }

  private static ScanStep hla3Scan() {
    Program.Builder p = new Program.Builder();
    int u = p.read(QUERY, s(p));
    int r = p.read(QUERY, p.matrix("P", KEY, VALUE, 1));
    p.matrix("F", u, r, 3);
    p.matrix("X", QUERY, r, 2);
    p.matrix("Y", u, QUERY, 2);
    p.matrix("Z", QUERY, QUERY, 1);
    return new ScanStep(
        p.build(),
        List.of(
            new Product("F", 1, 0, earlier("S"), later("X")),
            new Product("F", 1, 0, later("Y"), earlier("P")),
            new Product("F", 2, 0, earlier("S"), later("Z"), earlier("P")),
            new Product("X", 1, 0, later("Z"), earlier("P")),
            new Product("Y", 1, 0, earlier("S"), later("Z"))),
        List.of());
  }

  // Algorithm 3: o = q_t^T (S_t Q_t P_t - G1_t - G2_t - G3_t), the corrections from strict
  // prefixes.
  private static Program hla3Published(Program.Builder p) {
    hla3Corrections(p);
    int s = s(p);
    int q = p.matrix("Q", QUERY, QUERY, 1);
    int v = p.matrix("P", KEY, VALUE, 1);
    p.output(1, p.read(p.read(p.read(QUERY, s), q), v));
    for (int i = 0; i < p.matrices().size(); i++) {
      if (p.matrices().get(i).name().startsWith("G")) {
        p.output(-1, p.read(QUERY, i));
      }
    }
    return p.build();
  }

  private static void hla3Corrections(Program.Builder p) {
    int s = s(p);
    int q = p.matrix("Q", QUERY, QUERY, 1);
    int v = p.matrix("P", KEY, VALUE, 1);
    int x = p.readBefore(KEY, q);
    p.matrix("G1", KEY, p.readBefore(x, v), 1);
    p.matrix("G2", p.readBefore(QUERY, s), p.readBefore(QUERY, v), 1);
    p.matrix("G3", p.readBefore(x, s), VALUE, 1);
  }

  // No compact summary exists: the corrections of a segment need its true moments, so these are
  // scanned first and every segment runs again from them.
  private static List<ScanStep> hla3PublishedScan() {
    Program.Builder p = new Program.Builder();
    hla3Corrections(p);
    Program.Builder first = new Program.Builder();
    first.matrix("S", KEY, KEY, 1);
    first.matrix("Q", QUERY, QUERY, 1);
    first.matrix("P", KEY, VALUE, 1);
    return List.of(
        new ScanStep(first.build(), List.of(), List.of()),
        new ScanStep(p.build(), List.of(), List.of("S", "Q", "P")));
  }

  // Programs that read their matrices only for the output: the matrices are moments and just add
  // up.
  private static ScanStep moments(Program outputs) {
    return new ScanStep(
        new Program(outputs.matrices(), List.of(), List.of()), List.of(), List.of());
  }
}
