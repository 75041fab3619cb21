package io.hla.algebra;

import java.io.Serializable;
import java.util.Locale;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which attention is computed: one of the families hlaN and ahlaN, or any program of linear
 * attentions. A value: operators of one text are equal.
 *
 * <ul>
 *   <li>{@code linear}: o = LA(q, k, v), order 1 of both families
 *   <li>{@code hlaN}: o = LA(q, u, x, g^N) with u = LA(q, k, k) and x of order N - 2, v of order 0
 *   <li>{@code ahlaN}: o = LA(q, k, x) with x of order N - 1; {@code ahla} is {@code ahla2}
 *   <li>a program, as {@link ProgramText} reads it
 * </ul>
 */
public final class Operator implements Serializable {
  private static final long serialVersionUID = 1;

  public static final Operator LINEAR = new Operator(Family.LINEAR, 1, "linear");
  public static final Operator HLA2 = hla(2);
  public static final Operator AHLA = ahla(2);
  public static final Operator HLA3 = hla(3);

  /** The highest order of a family; what a segment is summarized by grows with its square. */
  public static final int HIGHEST_ORDER = 10;

  private static final Pattern NAME = Pattern.compile("(a?)hla(\\d{0,3})");

  /** Where the program of an operator comes from. */
  enum Family {
    LINEAR,
    HLA,
    AHLA,
    PROGRAM
  }

  private final Family family;
  private final int order;
  private final String text;

  private Operator(Family family, int order, String text) {
    this.family = family;
    this.order = order;
    this.text = text;
  }

  /** The symmetric family; order 1 is linear attention. */
  public static Operator hla(int order) {
    return of(Family.HLA, order, "hla" + order);
  }

  /** The asymmetric family; order 1 is linear attention. */
  public static Operator ahla(int order) {
    return of(Family.AHLA, order, order == 2 ? "ahla" : "ahla" + order);
  }

  private static Operator of(Family family, int order, String text) {
    if (order < 1 || order > HIGHEST_ORDER) {
      throw new SettingsException(
          "HLA_OPERATOR",
          String.format(
              Locale.ROOT, "operator is %s, expected an order from 1 to %d", text, HIGHEST_ORDER));
    }
    return order == 1 ? LINEAR : new Operator(family, order, text);
  }

  /**
   * Any program, for example {@code u = LA(q, k, k); o = LA(q, u, v, g^2)}.
   *
   * @throws SettingsException naming the place where {@link ProgramText} cannot read it
   */
  public static Operator program(String text) {
    return new Operator(Family.PROGRAM, 0, ProgramText.parse(text).text());
  }

  /** What {@link #text} gives. Throws {@link SettingsException}. */
  public static Operator parse(String text) {
    if (text.indexOf('=') >= 0) {
      return program(text);
    }
    if (text.equals(LINEAR.text)) {
      return LINEAR;
    }
    Matcher name = NAME.matcher(text);
    boolean asymmetric = name.matches() && !name.group(1).isEmpty();
    if (!name.matches() || name.group(2).isEmpty() && !asymmetric) {
      throw new SettingsException(
          "HLA_OPERATOR",
          String.format(
              Locale.ROOT,
              "operator is %s, expected linear, hla2, hla3, .. or ahla, ahla3, ..",
              text));
    }
    int order = name.group(2).isEmpty() ? 2 : Integer.parseInt(name.group(2));
    return asymmetric ? ahla(order) : hla(order);
  }

  /** The name that options, states and reports use; of a program its text. */
  public String text() {
    return text;
  }

  Family family() {
    return family;
  }

  /** The order in its family; 0 for a program. */
  int order() {
    return order;
  }

  /** Whether the paper has it: with a form without a mask. */
  boolean isOfThePaper() {
    return equals(LINEAR) || equals(HLA2) || equals(AHLA) || equals(HLA3);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Operator that && text.equals(that.text);
  }

  @Override
  public int hashCode() {
    return Objects.hash(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
