package io.hla.spark.validate;

import io.hla.algebra.Operator;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The statements of an operator's program, read from its text alone, so that what is validated with
 * them shares nothing with what the library makes of the same operator.
 *
 * @param <S> what a signal is
 */
final class Statements<S> {
  private static final Pattern TOKEN =
      Pattern.compile("[A-Za-z_]\\w*|[0-9.]+(?:[eE][+-]?\\d+)?|\\S");

  /** What statements mean. */
  interface Meaning<S> {
    /** The signal q, k or v. */
    S input(String name);

    /** LA(x, y, z, g^power); strict for LA&lt;. */
    S attention(S x, S y, S z, int power, boolean strict);

    /** A sum (null for none) and {@code coefficient} times a term. */
    S plus(S sum, double coefficient, S term);
  }

  private final Meaning<S> meaning;
  private final List<String> tokens = new ArrayList<>();
  private final Map<String, S> signals = new HashMap<>();
  private int at;

  private Statements(String text, Meaning<S> meaning) {
    this.meaning = meaning;
    Matcher matcher = TOKEN.matcher(text);
    while (matcher.find()) {
      tokens.add(matcher.group());
    }
    for (String input : List.of("q", "k", "v")) {
      signals.put(input, meaning.input(input));
    }
  }

  /** The output of an operator. */
  static <S> S output(Operator operator, Meaning<S> meaning) {
    return new Statements<>(text(operator.text()), meaning).run();
  }

  /** An operator as statements: sections 4 to 7 of the paper, and their continuation. */
  static String text(String operator) {
    if (operator.contains("=")) {
      return operator;
    }
    if (operator.equals("linear")) {
      return "o = LA(q, k, v)";
    }
    String digits = operator.replaceAll("\\D", "");
    int order = digits.isEmpty() ? 2 : Integer.parseInt(digits);
    StringBuilder text = new StringBuilder("u = LA(q, k, k); x1 = LA(q, k, v)");
    if (operator.startsWith("a")) {
      for (int n = 2; n <= order; n++) {
        text.append(String.format(Locale.ROOT, "; x%d = LA(q, k, x%d)", n, n - 1));
      }
    } else {
      for (int n = order % 2 + 2; n <= order; n += 2) {
        String inner = n == 2 ? "v" : "x" + (n - 2);
        text.append(String.format(Locale.ROOT, "; x%d = LA(q, u, %s, g^%d)", n, inner, n));
      }
    }
    return text.toString();
  }

  private S run() {
    S last = null;
    while (at < tokens.size()) {
      String name = tokens.get(at);
      at += 2;
      last = sum();
      signals.put(name, last);
      take(";");
    }
    return last;
  }

  private S sum() {
    S sum = null;
    double sign = take("-") ? -1 : 1;
    do {
      double coefficient = sign;
      if (!tokens.get(at).equals("LA")) {
        coefficient *= Double.parseDouble(tokens.get(at));
        at += 2;
      }
      sum = meaning.plus(sum, coefficient, signal());
      sign = at < tokens.size() && tokens.get(at).equals("-") ? -1 : 1;
    } while (take("+") || take("-"));
    return sum;
  }

  /** An attention, or the name of a signal. */
  private S signal() {
    String name = tokens.get(at++);
    if (!name.equals("LA")) {
      return signals.get(name);
    }
    boolean strict = take("<");
    at++;
    S x = signal();
    at++;
    S y = signal();
    at++;
    S z = signal();
    int power = take(",") ? decay() : 1;
    at++;
    return meaning.attention(x, y, z, power, strict);
  }

  private int decay() {
    if (!tokens.get(at++).equals("g")) {
      return 0;
    }
    return take("^") ? (int) Double.parseDouble(tokens.get(at++)) : 1;
  }

  private boolean take(String token) {
    if (at == tokens.size() || !tokens.get(at).equals(token)) {
      return false;
    }
    at++;
    return true;
  }
}
