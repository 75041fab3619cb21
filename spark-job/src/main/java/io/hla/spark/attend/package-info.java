/** The plan of one attention job and its passes over the tokens. */
package io.hla.spark.attend;
