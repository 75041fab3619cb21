package io.hla.spark.cli;

import io.hla.algebra.Operator;
import io.hla.algebra.SettingsException;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of an operator, in any case. */
final class OperatorConverter implements ITypeConverter<Operator> {
  @Override
  public Operator convert(String text) {
    try {
      return Operator.parse(text.contains("=") ? text : text.toLowerCase(Locale.ROOT));
    } catch (SettingsException unknown) {
      throw new TypeConversionException(unknown.getMessage());
    }
  }
}
