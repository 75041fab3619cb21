/**
 * Text to ids of tokens.
 *
 * <p>{@link io.hla.spark.tokenizer.Tokenizer} is what all have in common, {@link
 * io.hla.spark.tokenizer.TextBorders} says where a long text may be cut without another result.
 */
package io.hla.spark.tokenizer;
