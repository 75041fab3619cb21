package io.hla.spark.cli;

import picocli.CommandLine.Command;

/** Measurements. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description =
        "Measures the kernels against the peak of one core, and a job against reading and writing.",
    subcommands = {BenchKernelsCommand.class, BenchJobCommand.class})
final class BenchCommand {}
