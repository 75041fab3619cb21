/**
 * Models as files: weights in safetensors, one file or shards with an index, and a decoder with its
 * {@code config.json}.
 *
 * <p>{@link io.hla.spark.model.ModelDirectory} is the entry to a decoder, {@link
 * io.hla.spark.model.WeightFiles} to weights alone. Both check all that headers and settings say
 * before they read a number, and take no memory that the files have not been found to fill.
 */
package io.hla.spark.model;
