/** Observers of jobs: what the user reads while one runs and at its end, and what machines read. */
package io.hla.spark.report;
