/**
 * What {@code src/test/cluster/faults.sh} puts on a cluster to disturb jobs and to compare what
 * they wrote.
 */
package io.hla.spark.faults;
