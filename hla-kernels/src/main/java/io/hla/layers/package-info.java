/**
 * The parts of a decoder layer that work token by token: products with weight matrices, norms,
 * gates, and the probability of the next token.
 *
 * <p>{@link io.hla.layers.LayerKernel} computes them on {@link io.hla.layers.Activations} with
 * {@link io.hla.layers.Weights}; attention itself is in {@code io.hla.kernels}.
 */
package io.hla.layers;
