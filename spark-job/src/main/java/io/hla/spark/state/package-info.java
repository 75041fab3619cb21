/** Tables of states: what a sequence needs to be continued by a later job. */
package io.hla.spark.state;
