/** What {@code bench} measures: kernels on one thread against the peak of the core. */
package io.hla.spark.bench;
