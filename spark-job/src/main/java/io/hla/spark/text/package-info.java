/**
 * Token tables from text: words become rows of an embedding, projected to queries, keys and values.
 *
 * <p>{@link io.hla.spark.text.TextTokens} is the entry; {@link io.hla.spark.text.EmbeddingModel}
 * holds the weights, read from safetensors, and the vocabulary.
 */
package io.hla.spark.text;
