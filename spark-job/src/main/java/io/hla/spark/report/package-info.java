/** What the user reads while a job runs and at its end. */
package io.hla.spark.report;
