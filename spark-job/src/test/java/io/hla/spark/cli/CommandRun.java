package io.hla.spark.cli;

import io.hla.spark.TestSpark;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * One command as main runs it, on the Spark of the tests.
 *
 * @param code exit code
 * @param out what it printed to standard output
 * @param err what it printed to standard error
 */
record CommandRun(int code, String out, String err) {

  static CommandRun of(String... arguments) {
    TestSpark.open();
    return withoutSpark(arguments);
  }

  /** The same, opening no Spark in front of it. */
  static CommandRun withoutSpark(String... arguments) {
    scala.Console.out(); // keeps the first standard output it meets, which is not this run's
    PrintStream out = System.out;
    PrintStream err = System.err;
    ByteArrayOutputStream written = new ByteArrayOutputStream();
    ByteArrayOutputStream problems = new ByteArrayOutputStream();
    System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(problems, true, StandardCharsets.UTF_8));
    try {
      int code = Main.run(arguments);
      return new CommandRun(
          code,
          written.toString(StandardCharsets.UTF_8),
          problems.toString(StandardCharsets.UTF_8));
    } finally {
      System.setOut(out);
      System.setErr(err);
    }
  }

  /** This run, which must have ended with exit code 0. */
  CommandRun done() {
    if (code != 0) {
      throw new AssertionError("exit code " + code + ", expected 0:\n" + err + out);
    }
    return this;
  }
}
