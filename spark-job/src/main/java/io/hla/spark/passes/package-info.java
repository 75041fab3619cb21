/** What tasks do with tokens: the summary pass and the output pass over the runs of a partition. */
package io.hla.spark.passes;
