package io.hla.algebra;

import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A program of linear attentions as text.
 *
 * <pre>
 *   program    statement (; statement)*                 the last one is the output
 *   statement  NAME = [-] term ((+ | -) term)*
 *   term       [NUMBER *] (LA | LA&lt;) ( signal, signal, signal [, decay] )
 *   signal     q | k | v | NAME of an earlier statement | term
 *   decay      g | g^POWER | 1                          g where none is written
 * </pre>
 *
 * <p>LA(x, y, z, g^n) is x_t^T X_t with X_t = g^n X_(t-1) + y_t z_t^T, LA&lt; the same of X_(t-1).
 * LA is linear in each of its signals, so sums are multiplied out and every matrix is one of outer
 * products of plain signals.
 *
 * @param text the program with its white space made uniform
 * @param statements the parsed signals by name, in order
 */
record ProgramText(String text, Map<String, Sum> statements) {
  private static final Pattern TOKEN =
      Pattern.compile("\\s*([A-Za-z_][A-Za-z_0-9]*|[0-9.]+(?:[eE][+-]?[0-9]+)?|.)");
  private static final int HIGHEST_POWER = 16;

  /** Every level is a signal of its own, of which a program has no more. */
  private static final int DEEPEST = Program.MOST_DERIVED;

  /** Sums multiplied out grow with the product of their terms. */
  private static final int MOST_PRODUCTS = 4096;

  /** A signal: a sum of inputs and linear attentions, as wide as v or as q and k. */
  record Sum(List<Term> terms, boolean isOfValues) {}

  /** A summand: {@code coefficient} times an input, or times a linear attention. */
  record Term(double coefficient, int input, Attention attention) {}

  /** LA(x, y, z, g^power), strict for LA&lt;. */
  record Attention(Sum x, Sum y, Sum z, int power, boolean strict) {}

  /** Throws {@link SettingsException} that names the place and what was expected there. */
  static ProgramText parse(String text) {
    return new Parser(text).program();
  }

  /** The program in the kernels' terms, each read of a sum multiplied out. */
  Program build(Program.Builder to) {
    Map<Sum, List<Program.Term>> known = new IdentityHashMap<>();
    List<Program.Term> last = List.of();
    for (Map.Entry<String, Sum> statement : statements.entrySet()) {
      last = signals(statement.getKey(), statement.getValue(), to, known);
    }
    last.forEach(term -> to.output(term.coefficient(), term.signal()));
    return to.build();
  }

  private static List<Program.Term> signals(
      String name, Sum sum, Program.Builder to, Map<Sum, List<Program.Term>> known) {
    List<Program.Term> found = known.get(sum);
    if (found != null) {
      return found;
    }
    List<Program.Term> signals = new ArrayList<>();
    for (Term term : sum.terms()) {
      if (term.attention() == null) {
        signals.add(new Program.Term(term.coefficient(), term.input()));
      } else {
        for (Program.Term read : reads(name, term.attention(), to, known)) {
          signals.add(new Program.Term(term.coefficient() * read.coefficient(), read.signal()));
        }
      }
      Program.limit("terms of a signal", signals.size(), MOST_PRODUCTS);
    }
    known.put(sum, signals);
    return signals;
  }

  private static List<Program.Term> reads(
      String name, Attention of, Program.Builder to, Map<Sum, List<Program.Term>> known) {
    List<Program.Term> reads = new ArrayList<>();
    List<Program.Term> rows = signals(name, of.y(), to, known);
    List<Program.Term> columns = signals(name, of.z(), to, known);
    List<Program.Term> left = signals(name, of.x(), to, known);
    long products = (long) left.size() * rows.size() * columns.size();
    Program.limit("products of a linear attention", products, MOST_PRODUCTS);
    for (Program.Term x : left) {
      for (Program.Term y : rows) {
        for (Program.Term z : columns) {
          int matrix = to.matrix(name, y.signal(), z.signal(), of.power());
          reads.add(
              new Program.Term(
                  x.coefficient() * y.coefficient() * z.coefficient(),
                  of.strict() ? to.readBefore(x.signal(), matrix) : to.read(x.signal(), matrix)));
        }
      }
    }
    return reads;
  }

  private static final class Parser {
    private final String text;
    private final List<String> tokens = new ArrayList<>();
    private final List<Integer> places = new ArrayList<>();
    private final Map<String, Sum> statements = new LinkedHashMap<>();
    private int at;
    private int depth;

    Parser(String text) {
      this.text = text;
      Matcher matcher = TOKEN.matcher(text);
      for (int from = 0; from < text.length() && matcher.find(from); from = matcher.end()) {
        if (!matcher.group(1).isBlank()) {
          tokens.add(matcher.group(1));
          places.add(matcher.start(1));
        }
      }
      tokens.add("");
      places.add(text.length());
    }

    ProgramText program() {
      Sum output;
      do {
        output = statement();
      } while (take(";") && !peek().isEmpty());
      if (!peek().isEmpty()) {
        throw expected("; or the end");
      }
      if (!output.isOfValues()) {
        throw expected("an output as wide as v: its last signal must come from v");
      }
      return new ProgramText(uniform(), statements);
    }

    private Sum statement() {
      String name = name();
      if (List.of("q", "k", "v", "g", "LA").contains(name) || statements.containsKey(name)) {
        at--;
        throw expected("a new name");
      }
      require("=");
      Sum sum = new Sum(new ArrayList<>(), false);
      double sign = take("-") ? -1 : 1;
      do {
        int place = at;
        Term term = term(sign);
        boolean isOfValues = term.attention().z().isOfValues();
        if (!sum.terms().isEmpty() && sum.isOfValues() != isOfValues) {
          at = place;
          throw expected("a term as wide as those in front of it");
        }
        sum.terms().add(term);
        sum = new Sum(sum.terms(), isOfValues);
        sign = peek().equals("-") ? -1 : 1;
      } while (take("+") || take("-"));
      statements.put(name, sum);
      return sum;
    }

    private Term term(double sign) {
      double coefficient = sign;
      if (!peek().isEmpty() && (Character.isDigit(peek().charAt(0)) || peek().startsWith("."))) {
        coefficient *= number();
        require("*");
      }
      if (!peek().equals("LA")) {
        throw expected("LA(..) or LA<(..)");
      }
      if (++depth > DEEPEST) {
        throw expected("at most " + DEEPEST + " linear attentions inside each other");
      }
      at++;
      boolean strict = take("<");
      require("(");
      Sum x = signal();
      require(",");
      int place = at;
      Sum y = signal();
      if (x.isOfValues() != y.isOfValues()) {
        at = place;
        throw expected("a signal as wide as the one in front of it");
      }
      require(",");
      Sum z = signal();
      int power = take(",") ? decay() : 1;
      require(")");
      depth--;
      return new Term(coefficient, -1, new Attention(x, y, z, power, strict));
    }

    private Sum signal() {
      if (peek().equals("LA")) {
        Term term = term(1);
        return new Sum(List.of(term), term.attention().z().isOfValues());
      }
      String name = name();
      int input = List.of("q", "k", "v").indexOf(name);
      if (input >= 0) {
        return new Sum(List.of(new Term(1, input, null)), input == Program.VALUE);
      }
      Sum known = statements.get(name);
      if (known == null) {
        at--;
        throw expected(
            "q, k, v" + (statements.isEmpty() ? "" : " or one of " + statements.keySet()));
      }
      return known;
    }

    private int decay() {
      if (take("1")) {
        return 0;
      }
      require("g");
      if (!take("^")) {
        return 1;
      }
      int place = at;
      double power = number();
      if (power != Math.rint(power) || power > HIGHEST_POWER) {
        at = place;
        throw expected("a power from 0 to " + HIGHEST_POWER);
      }
      return (int) power;
    }

    private double number() {
      try {
        double number = Double.parseDouble(peek());
        at++;
        return number;
      } catch (NumberFormatException e) {
        throw expected("a number");
      }
    }

    private String name() {
      if (peek().isEmpty() || !Character.isJavaIdentifierStart(peek().charAt(0))) {
        throw expected("a name");
      }
      return tokens.get(at++);
    }

    private String peek() {
      return tokens.get(at);
    }

    private boolean take(String token) {
      if (!peek().equals(token)) {
        return false;
      }
      at++;
      return true;
    }

    private void require(String token) {
      if (!take(token)) {
        throw expected(token);
      }
    }

    private SettingsException expected(String what) {
      String found = peek().isEmpty() ? "the end" : peek();
      return new SettingsException(
          "HLA_PROGRAM",
          String.format(
              Locale.ROOT,
              "program has %s at character %d, expected %s: %s",
              found,
              places.get(at) + 1,
              what,
              text));
    }

    private String uniform() {
      StringJoiner joined = new StringJoiner("");
      for (int i = 0; i + 1 < tokens.size(); i++) {
        String token = tokens.get(i);
        boolean last = token.equals(";") && i + 2 == tokens.size();
        boolean spaced = List.of("=", "+", "*").contains(token) || token.equals("-");
        joined.add(
            last ? "" : spaced ? " " + token + " " : token + (",;".contains(token) ? " " : ""));
      }
      return joined.toString().replace("  ", " ");
    }
  }
}
