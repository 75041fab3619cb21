/** One attention job, phase by phase: index, order, summaries, scan; its outputs are left to do. */
package io.hla.spark.attend;
