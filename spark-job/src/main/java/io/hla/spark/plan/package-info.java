/**
 * Attention as a node of Spark's plans, and all else that rests on classes which Spark does not
 * promise to keep: nothing outside this package names a plan, an expression or a scan.
 */
package io.hla.spark.plan;
