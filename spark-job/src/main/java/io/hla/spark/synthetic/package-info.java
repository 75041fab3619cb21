/**
 * Token streams made on the fly: a token is a function of seed, sequence and position, so that any
 * task can make any token and a test can make it again.
 */
package io.hla.spark.synthetic;
