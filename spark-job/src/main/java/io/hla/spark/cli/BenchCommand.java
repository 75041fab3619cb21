package io.hla.spark.cli;

import picocli.CommandLine.Command;

/** Measurements; each checks its result before it tells a time. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = "Measures the kernels against the peak of one core.",
    subcommands = {BenchKernelsCommand.class})
final class BenchCommand {}
