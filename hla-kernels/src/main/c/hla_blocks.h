/*
 * The block sizes of every instruction set, chosen by measurement (make bench).
 *
 *               registers   tile of a read            tile of an update         tile of a product
 *   avx512      32 x 64 B   8 x 2: 16 + 2 + 1         4 x 2: 8 + 2 + 1          8 x 1: 8 + 1 + 1
 *   avx2        16 x 32 B   4 x 2:  8 + 2 + 1         4 x 2: 8 + 2 + 1          8 x 1: 8 + 1 + 1
 *   baseline    16 x 16 B   4 x 2:  8 + 2 + 1 + 1     4 x 2: 8 + 2 + 1 + 1      8 x 1: 8 + 1 + 1 + 1
 *   aarch64     32 x 16 B   8 x 2: 16 + 2 + 1         8 x 2: 16 + 2 + 1         8 x 1: 8 + 1 + 1
 *
 * A tile is rows x vectors; the sum beside it counts registers: accumulators + right operands + left operand, and a
 * product where there is no fused multiply-add. Eight accumulators hide a latency of four cycles on two units; more of
 * them make an update slower, because its few tokens leave less to overlap with the loads and stores of the matrix.
 *
 * A block of w tokens costs w / 2d more than the least arithmetic, and loads and stores each matrix once.
 */
#ifndef HLA_BLOCKS_H
#define HLA_BLOCKS_H

/* Tokens of a block. */
#ifndef TOKENS
#define TOKENS 8
#endif
/* Tokens that are packed and processed together; updates of matrices that nothing reads happen once in a batch. */
#define HLA_BATCH 64
/* Tokens between two roundings of the double matrices of the mixed precision to float. */
#define HLA_SPAN 512

#define HLA_IS_float32 1
#define HLA_IS_mixed 2
#define HLA_IS_float64 3
#define HLA_PASTE_(a, b) a##b
#define HLA_PASTE(a, b) HLA_PASTE_(a, b)

#ifdef HLA_PRECISION
#define HLA_SINGLE (HLA_PASTE(HLA_IS_, HLA_PRECISION) != HLA_IS_float64)
#define HLA_MIXED (HLA_PASTE(HLA_IS_, HLA_PRECISION) == HLA_IS_mixed)

/* HLA_DOT_BYTES: the vector of a product of two signals, no longer than a block of tokens. */
#if defined __AVX512F__
#define HLA_VECTOR_BYTES 64
#define HLA_DOT_BYTES (HLA_SINGLE ? 32 : 64)
enum { READ_ROWS = 8, UPDATE_ROWS = 4, DOT_ROWS = 8 };
#elif defined __AVX2__
#define HLA_VECTOR_BYTES 32
#define HLA_DOT_BYTES 32
enum { READ_ROWS = 4, UPDATE_ROWS = 4, DOT_ROWS = 8 };
#elif defined __aarch64__
#define HLA_VECTOR_BYTES 16
#define HLA_DOT_BYTES 16
enum { READ_ROWS = 8, UPDATE_ROWS = 8, DOT_ROWS = 8 };
#else
#define HLA_VECTOR_BYTES 16
#define HLA_DOT_BYTES 16
enum { READ_ROWS = 4, UPDATE_ROWS = 4, DOT_ROWS = 8 };
#endif
/* Every tile of a read or an update is two vectors wide, as are the panels that matrices are stored in. */
enum { TILE_VECTORS = 2 };
#endif

#endif
