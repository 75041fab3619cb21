/* What happens to rows of tokens around the linear attentions: turning, decay, the column of ones, and the output. */
#ifndef HLA_ROWS_H
#define HLA_ROWS_H

#include <string.h>

#include "hla_vector.h"

#if HLA_SINGLE
enum { SQUARE = 4 };
typedef float corner __attribute__((vector_size(16)));
typedef int32_t corner_index __attribute__((vector_size(16)));

INLINE void turn_square(real *to, ptrdiff_t to_stride, const real *from, ptrdiff_t stride)
{
	typedef float in_memory __attribute__((vector_size(16), aligned(4), may_alias));
	const corner a = *(const in_memory *)from, b = *(const in_memory *)(from + stride);
	const corner c = *(const in_memory *)(from + 2 * stride), d = *(const in_memory *)(from + 3 * stride);
	const corner_index low = {0, 4, 1, 5}, high = {2, 6, 3, 7}, left = {0, 1, 4, 5}, right = {2, 3, 6, 7};
	const corner ab = __builtin_shuffle(a, b, low), cd = __builtin_shuffle(c, d, low);
	const corner AB = __builtin_shuffle(a, b, high), CD = __builtin_shuffle(c, d, high);
	*(in_memory *)to = __builtin_shuffle(ab, cd, left);
	*(in_memory *)(to + to_stride) = __builtin_shuffle(ab, cd, right);
	*(in_memory *)(to + 2 * to_stride) = __builtin_shuffle(AB, CD, left);
	*(in_memory *)(to + 3 * to_stride) = __builtin_shuffle(AB, CD, right);
}
#else
enum { SQUARE = 2 };
typedef double corner __attribute__((vector_size(16)));
typedef int64_t corner_index __attribute__((vector_size(16)));

INLINE void turn_square(real *to, ptrdiff_t to_stride, const real *from, ptrdiff_t stride)
{
	typedef double in_memory __attribute__((vector_size(16), aligned(8), may_alias));
	const corner a = *(const in_memory *)from, b = *(const in_memory *)(from + stride);
	*(in_memory *)to = __builtin_shuffle(a, b, (corner_index){0, 2});
	*(in_memory *)(to + to_stride) = __builtin_shuffle(a, b, (corner_index){1, 3});
}
#endif

/* to[width rounded up to SQUARE][TOKENS] = the transpose of from[TOKENS][width]. A function of its own for profilers. */
static __attribute__((noinline)) void turn(real *to, const real *from, ptrdiff_t stride, int width)
{
	for (int t = 0; t < TOKENS; t += SQUARE)
		for (int i = 0; i < width; i += SQUARE)
			turn_square(to + i * TOKENS + t, TOKENS, from + t * stride + i, stride);
}

/* to[t] = power[tokens - 1 - t] from[t]: what is left of each row at the end of the block. */
static void fade(real *to, ptrdiff_t to_stride, const real *from, ptrdiff_t stride, int width, int tokens,
		const real *power)
{
	for (int t = 0; t < tokens; t++)
		for (int i = 0; i < width; i += LANES)
			store(to + t * to_stride + i, load(from + t * stride + i) * power[tokens - 1 - t]);
}

INLINE dot_mask lane_numbers(void)
{
	dot_mask lanes;
	UNROLL for (int i = 0; i < DOT_LANES; i++)
		lanes[i] = i;
	return lanes;
}

/* The column of ones: out[t] = power[t] x_t . matrix + sum_(s <= t) weights[s][t] z[s]. */
static void read_column(real *out, const real *x, const real *matrix, int width, const real *weights, const real *z,
		const real *power, int tokens)
{
	for (int t = 0; t < tokens; t += DOT_LANES) {
		dot even = {0}, odd = {0}, own = {0};
		int i = 0;
		for (; i + 1 < width; i += 2) {
			even = mul_add_dot(splat_dot(matrix[i]), load_dot(x + i * TOKENS + t), even);
			odd = mul_add_dot(splat_dot(matrix[i + 1]), load_dot(x + (i + 1) * TOKENS + t), odd);
		}
		if (i < width)
			even = mul_add_dot(splat_dot(matrix[i]), load_dot(x + i * TOKENS + t), even);
		const int end = t + DOT_LANES < tokens ? t + DOT_LANES : tokens;
		for (int s = 0; s < end; s++) {
			/* A weight of zero would not keep what is not a number from going back in time. */
			const dot from_here = (dot)((dot_mask)splat_dot(z[s]) & (lane_numbers() >= s - t));
			own = mul_add_dot(from_here, load_dot(weights + s * TOKENS + t), own);
		}
		store_dot(out + t, mul_add_dot(even + odd, load_dot(power + t), own));
	}
}

/* kept = decay kept + y^T z, in the precision of the kept matrices; rounded is what reads multiply with. */
static void update_column(exact *kept, real *rounded, const real *y, ptrdiff_t y_stride, const real *z, int width,
		int tokens, exact decay)
{
	for (int i = 0; i < width; i += LANES) {
		vec sum = {0};
		for (int t = 0; t < tokens; t++)
			sum = mul_add(splat(z[t]), load(y + t * y_stride + i), sum);
		for (int j = 0; j < LANES; j++) {
			kept[i + j] = decay * kept[i + j] + sum[j];
			rounded[i + j] = (real)kept[i + j];
		}
	}
}

/* One term of the output: row and denominator of each token, and its coefficient. */
struct term {
	const real *rows, *column;
	ptrdiff_t stride;
	real coefficient;
};

/* out[t] = sum of the terms, divided by the sum of their columns + epsilon where they have columns. */
static void emit(real *out, ptrdiff_t out_stride, const struct term *terms, int count, int width, int tokens,
		real epsilon)
{
	for (int t = 0; t < tokens; t++, out += out_stride) {
		const real first = terms[0].coefficient;
		real below = 1;
		if (terms[0].column) {
			below = first * terms[0].column[t];
			for (int j = 1; j < count; j++)
				below += terms[j].coefficient * terms[j].column[t];
			below += epsilon;
		}
		for (int i = 0; i < width; i += LANES) {
			vec sum = load(terms[0].rows + t * terms[0].stride + i) * first;
			for (int j = 1; j < count; j++)
				sum += load(terms[j].rows + t * terms[j].stride + i) * terms[j].coefficient;
			if (terms[0].column)
				sum /= below;
			if (i + LANES <= width)
				store(out + i, sum);
			else
				memcpy(out + i, &sum, (size_t)(width - i) * sizeof(real));
		}
	}
}

#endif
