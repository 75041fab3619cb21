/*
 * The sizes of every instruction set, chosen by measurement (bench kernels).
 *
 *               registers   tile of two vectors       tile of one vector         tokens of a sweep
 *   avx512      32 x 64 B   12 x 2: 24 + 4 + 1        16 x 1: 16 + 2 + 1         64
 *   avx2        16 x 32 B    4 x 2:  8 + 2 + 1         8 x 1:  8 + 2 + 1         32
 *   baseline    16 x 16 B    4 x 2:  8 + 2 + 1 + 1     8 x 1:  8 + 2 + 1 + 1     32
 *   aarch64     32 x 16 B    8 x 2: 16 + 2 + 1        16 x 1: 16 + 2 + 1         32
 *
 * A tile is rows x vectors; the sum beside it counts registers: the tile, then the columns of z or the sums of a read,
 * then the number of y or x, and a product where there is no fused multiply-add. A read has two sums for a vector where the
 * tile is one wide, else READ_SUMS: a sum of 12 rows is a chain of 48 cycles, twice what two units need for the token. Of a width, what no tile of these rows
 * fits into goes in tiles of 8 (of two vectors, where 12 are the rule), 4, 2 and 1 rows.
 *
 * The sizes of avx2 were measured on an AMD Zen 3: 5 or 6 rows gain nothing, and more tokens lose more of the nearest cache
 * at d >= 64 than they save at d = 16. Those of avx512 were measured on an Intel core with two 512-bit units and 48 KB next to
 * it: 8 or 14 rows lose .03 to .09 of the peak at d >= 64, 32 tokens .02 to .09; a second sum of a read gains .05 to .08, and
 * loses as much where the matrix is the sum of two (mixed) or with 16 registers. Those of baseline and aarch64 follow from
 * their registers.
 *
 * Rows of the caller that are further apart than IN_PLACE_BYTES are copied first: they would meet in few sets of the nearest
 * cache. Of 8 lines a set (Zen 3) 256 is the best, of 12 (Intel) 2048: .07 of the peak at d = 64, .15 with 8 heads of 32.
 *
 * Products with weight matrices (hla_layers.c) have tiles of tokens x panels of 64 bytes, one of the weights in registers:
 *
 *               tokens x vectors                  fewer tokens
 *   avx512      12 x 2: 24 + 2 + 1                more panels, up to 8
 *   avx2         6 x 2: 12 + 2 + 1                more panels, up to 4
 *   aarch64      6 x 4: 24 + 4 + 1                more panels, up to 4
 *   baseline     2 x 4:  8 and what takes the place of a fused multiply-add
 */
#ifndef HLA_SIZES_H
#define HLA_SIZES_H

/* The most tokens of a sweep in any instruction set. */
#define HLA_BATCH 64
/* Tokens between two roundings of the double matrices of the mixed precision to float: a multiple of the tokens of every sweep. */
#define HLA_SPAN 512
/* The most query heads that one sweep over a matrix of their KV head serves. */
#define HLA_TEAM 4
/* Bytes behind the last row of a caller that are read: a vector starts within the row. */
#define HLA_OVERHANG 64

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
enum { TILE_ROWS = 12, NARROW_ROWS = 16, SWEEP_TOKENS = 64, READ_SUMS = HLA_MIXED ? 1 : 2, IN_PLACE_BYTES = 2048 };
enum { MOST_TILE_ROWS = 12, TILE_SUMS = 24, MOST_PANELS = 8 };
#define LINEAR_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)
#elif defined __AVX2__
#define HLA_VECTOR_BYTES 32
enum { TILE_ROWS = 4, NARROW_ROWS = 8, SWEEP_TOKENS = 32, READ_SUMS = 1, IN_PLACE_BYTES = 256 };
enum { MOST_TILE_ROWS = 6, TILE_SUMS = 12, MOST_PANELS = 4 };
#define LINEAR_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#elif defined __aarch64__
#define HLA_VECTOR_BYTES 16
enum { TILE_ROWS = 8, NARROW_ROWS = 16, SWEEP_TOKENS = 32, READ_SUMS = 1, IN_PLACE_BYTES = 256 };
enum { MOST_TILE_ROWS = 6, TILE_SUMS = 24, MOST_PANELS = 4 };
#define LINEAR_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#else
#define HLA_VECTOR_BYTES 16
enum { TILE_ROWS = 4, NARROW_ROWS = 8, SWEEP_TOKENS = 32, READ_SUMS = 1, IN_PLACE_BYTES = 256 };
enum { MOST_TILE_ROWS = 2, TILE_SUMS = 8, MOST_PANELS = 1 };
#define LINEAR_ROWS(X) X(1) X(2)
#endif
/* The panels that matrices are stored in are as wide as a tile; what is left of a width is a tile of one vector. */
enum { TILE_VECTORS = 2, MOST_ROWS = 16 };
#endif

#endif
