/** The order of runs and the ordered prefix tree over their summaries. */
package io.hla.spark.scan;
