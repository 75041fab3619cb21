/**
 * Tables of tokens: which columns they have, how rows become arrays, and where runs lie in them.
 */
package io.hla.spark.table;
