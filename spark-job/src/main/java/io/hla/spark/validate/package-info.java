/**
 * Proof, on the cluster and the input at hand, that the distributed scan is the recurrence: by
 * induction over the runs, so for every token; by laws and bracketings; against the dense
 * definition and the serial recurrence; with other ways to run the same job; on exact integer
 * streams; and with planted errors that have to be caught.
 */
package io.hla.spark.validate;
