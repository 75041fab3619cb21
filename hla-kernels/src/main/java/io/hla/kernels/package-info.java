/**
 * Kernels that compute what the algebra of {@code io.hla.algebra} says.
 *
 * <p>An {@link io.hla.kernels.AttentionKernel} opens sessions that stream tokens: an {@link
 * io.hla.kernels.Applier} gives outputs, a {@link io.hla.kernels.Summarizer} the summary of a
 * segment. {@link io.hla.kernels.Kernels} chooses the kernel; {@link io.hla.kernels.Recomputation}
 * computes a stream once more and says how far rounding may take any of them.
 */
package io.hla.kernels;
