/**
 * Exact Higher-order Linear Attention (HLA, arXiv 2510.27258) as programs of one primitive.
 *
 * <h2>The primitive</h2>
 *
 * Causal linear attention with one matrix. Per head, with row vectors x, y, z per token:
 *
 * <pre>
 *   LA(x; y, z; g)_t  = x_t^T X_t        X_t = g X_(t-1) + y_t z_t^T     (inclusive: token t sees itself)
 *   LA&lt;(x; y, z; g)_t = x_t^T X_(t-1)                                    (strict)
 * </pre>
 *
 * Every {@link io.hla.algebra.Operator} is a short {@link io.hla.algebra.Program} of LAs, so one
 * kernel serves all of them, and what the scan of a long sequence needs is derived from it. A
 * normalizer is the same program with v = 1: a column of ones is appended to v and the last column
 * of every output divides the others.
 *
 * <h2>Glossary</h2>
 *
 * <table>
 * <caption>Symbols, shapes per head, and where they stand in the paper</caption>
 * <tr><td>q, k</td><td>R^d</td><td>query and key of a token, after scale and feature map (section 2)</td></tr>
 * <tr><td>v</td><td>R^dv</td><td>value of a token; dv + 1 with the column of ones</td></tr>
 * <tr><td>g</td><td>(0, 1]</td><td>decay of a query head (section 4.2)</td></tr>
 * <tr><td>S</td><td>d x d</td><td>sum of g^(t-i) k_i k_i^T (section 3.1)</td></tr>
 * <tr><td>C</td><td>d x dv</td><td>sum of g^(t-j) q_j v_j^T (section 3.1)</td></tr>
 * <tr><td>P</td><td>d x dv</td><td>sum of g^(t-j) k_j v_j^T (section 6.1)</td></tr>
 * <tr><td>Q</td><td>d x d</td><td>sum of g^(t-i) q_i q_i^T, S^Q in section 7.1</td></tr>
 * <tr><td>R</td><td>d x d</td><td>sum of k_i q_i^T (section 6.2); never decayed inside a summary</td></tr>
 * <tr><td>F</td><td>d x dv</td><td>hla2: sum of g^(2(t-j)) u_j v_j^T with u = LA(q; k, k; g), which replaces the
 *     paper's S C - G: same function, no cancellation. hla3: sum of g^(3(t-u)) u_u r_u^T with r = LA(q; k, v; g)</td></tr>
 * <tr><td>E</td><td>d x dv</td><td>ahla: sum of g^(t-i) k_i r_i^T (section 6.1)</td></tr>
 * <tr><td>G, G1, G2, G3</td><td>d x dv</td><td>corrections of the published forms (sections 3.2, 7.1)</td></tr>
 * <tr><td>rho</td><td>(0, 1]</td><td>g^length of a segment</td></tr>
 * </table>
 *
 * <h2>State and summary</h2>
 *
 * A {@link io.hla.algebra.State} is what stands in front of a token; a {@link
 * io.hla.algebra.Summary} is what a segment of tokens does to any state in front of it. Summaries
 * form a monoid that is not commutative and acts on states.
 *
 * <p>Nothing here looks at a token: {@code io.hla.kernels} computes what a {@link
 * io.hla.algebra.Computation} says.
 */
package io.hla.algebra;
