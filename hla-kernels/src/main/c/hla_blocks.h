/*
 * The block sizes of every instruction set, chosen by measurement (make bench).
 *
 *               registers   tile of a read, an update     of a product       tokens a block
 *   avx512      32 x 64 B    8 x 2: 16 + 2 + 1              8 x 1: 8 + 1 + 1   8
 *   avx2        16 x 32 B    4 x 3: 12 + 3 + 1              8 x 1: 8 + 1 + 1   8
 *   baseline    16 x 16 B    4 x 2: 8 + 2 + 1 + a product   8 x 1: 8 + 1 + 1   8
 *   aarch64     32 x 16 B    8 x 3: 24 + 3 + 1              8 x 1: 8 + 1 + 1   8
 *
 * A tile is rows x vectors; the sum beside it counts registers: accumulators + right operands + left operand.
 * A block of w tokens costs w / 2 d more than the least arithmetic, and loads and stores each matrix once.
 */
#ifndef HLA_BLOCKS_H
#define HLA_BLOCKS_H

/* Tokens that are packed and processed together; updates of matrices that nothing reads happen once in a batch. */
#define HLA_BATCH 64
/* Tokens between two roundings of the double matrices of the mixed precision to float. */
#define HLA_SPAN 256

#define HLA_IS_float32 1
#define HLA_IS_mixed 2
#define HLA_IS_float64 3
#define HLA_PASTE_(a, b) a##b
#define HLA_PASTE(a, b) HLA_PASTE_(a, b)

#ifdef HLA_PRECISION
#define HLA_SINGLE (HLA_PASTE(HLA_IS_, HLA_PRECISION) != HLA_IS_float64)
#define HLA_MIXED (HLA_PASTE(HLA_IS_, HLA_PRECISION) == HLA_IS_mixed)

#if defined __AVX512F__
#define HLA_VECTOR_BYTES 64
/* Eight floats: the block of eight tokens. */
#define HLA_DOT_BYTES (HLA_SINGLE ? 32 : 64)
#define TILE_ROWS 8
#define TILE_VECTORS 2
#elif defined __AVX2__
#define HLA_VECTOR_BYTES 32
#define HLA_DOT_BYTES 32
#define TILE_ROWS 4
#define TILE_VECTORS 3
#elif defined __aarch64__
#define HLA_VECTOR_BYTES 16
#define HLA_DOT_BYTES 16
#define TILE_ROWS 8
#define TILE_VECTORS 3
#else
#define HLA_VECTOR_BYTES 16
#define HLA_DOT_BYTES 16
#define TILE_ROWS 4
#define TILE_VECTORS 2
#endif

#ifndef TOKENS
#define TOKENS 8
#endif
#define DOT_ROWS 8
#endif

#endif
