/** Where tables are written: refused early, written aside, made visible whole. */
package io.hla.spark.output;
