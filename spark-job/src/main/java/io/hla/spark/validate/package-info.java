/**
 * Proof, on the cluster and the input at hand, that the distributed scan is the recurrence: laws,
 * bracketings, outputs against the dense definition and the serial recurrence, other ways to run
 * the same job, exact integer streams, and negative controls that have to be caught.
 */
package io.hla.spark.validate;
