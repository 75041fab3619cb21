package io.hla.spark.cli;

import io.hla.algebra.Operator;
import io.hla.algebra.SettingsException;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the name of an operator. */
final class OperatorConverter implements ITypeConverter<Operator> {
  @Override
  public Operator convert(String text) {
    try {
      return Operator.parse(text);
    } catch (SettingsException unknown) {
      throw new TypeConversionException(unknown.getMessage());
    }
  }
}
