/* The feature maps, over one row at a time. */
#ifndef HLA_FEATURES_H
#define HLA_FEATURES_H

#include <math.h>

#include "hla_kernels.h"
#include "hla_vector.h"

#if HLA_SINGLE
typedef uint32_t bits __attribute__((vector_size(HLA_VECTOR_BYTES)));
enum { MANTISSA_BITS = 23, TERMS = 8 };
/* exp of less is taken as zero: the result would not be a normal number. */
static const real LEAST_EXPONENT = -87;
/* The upper part of ln 2 has so few bits that its product with an exponent is exact. */
static const real LN2_UPPER = 0.693359375f, LN2_LOWER = -2.12194440e-4f;
#else
typedef uint64_t bits __attribute__((vector_size(HLA_VECTOR_BYTES)));
enum { MANTISSA_BITS = 52, TERMS = 14 };
static const real LEAST_EXPONENT = -708;
static const real LN2_UPPER = 6.93145751953125e-1, LN2_LOWER = 1.42860682030941723212e-6;
#endif

/* 1 / i! */
static const double EXP_TERMS[] = {1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040, 1.0 / 40320,
	1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};

INLINE vec select_vec(mask where, vec yes, vec no)
{
	return (vec)(((mask)yes & where) | ((mask)no & ~where));
}

/* exp for x <= 0: x = n ln 2 + r, a polynomial in r, and n added to the exponent. Keeps what is not a number. */
INLINE vec exp_vec(vec x)
{
	/* Adding this leaves the nearest integer in the lowest bits. */
	const vec shift = splat((real)3 * (real)((uint64_t)1 << (MANTISSA_BITS - 1)));
	const mask tiny = x < splat(LEAST_EXPONENT);
	x = select_vec(tiny, splat(LEAST_EXPONENT), x);
	const vec shifted = mul_add(x, splat((real)1.4426950408889634074), shift), n = shifted - shift;
	const vec r = mul_add(n, splat(-LN2_LOWER), mul_add(n, splat(-LN2_UPPER), x));
	vec sum = splat((real)EXP_TERMS[TERMS - 1]);
	UNROLL for (int i = TERMS - 2; i >= 0; i--)
		sum = mul_add(sum, r, splat((real)EXP_TERMS[i]));
	const vec scaled = (vec)((bits)sum + ((bits)shifted << MANTISSA_BITS));
	return select_vec(tiny, (vec){0}, select_vec(x == x, scaled, x));
}

INLINE vec elu1_vec(vec x)
{
	const mask positive = x > (vec){0};
	return select_vec(positive, x + 1, exp_vec(select_vec(positive, (vec){0}, x)));
}

/* max(x, 0) that keeps what is not a number. */
INLINE vec relu_vec(vec x) { return (vec)((mask)x & ~(x < (vec){0})); }

static double squared_norm(const real *row, int width)
{
	double sums[8] = {0}, sum = 0;
	int i = 0;
	for (; i + 8 <= width; i += 8)
		for (int j = 0; j < 8; j++)
			sums[j] += (double)row[i + j] * (double)row[i + j];
	for (; i < width; i++)
		sum += (double)row[i] * (double)row[i];
	for (int j = 0; j < 8; j++)
		sum += sums[j];
	return sum;
}

/* to = map(scale from), in whole vectors: what they hold behind the width does not matter. */
static void map_row(real *to, const real *from, int width, real scale, enum hla_feature_map map)
{
	for (int i = 0; i < width; i += LANES) {
		vec x = load(from + i) * scale;
		if (map == HLA_RELU)
			x = relu_vec(x);
		else if (map == HLA_ELU1)
			x = elu1_vec(x);
		store(to + i, x);
	}
	if (map != HLA_L2)
		return;
	const double norm = sqrt(squared_norm(to, width));
	for (int i = 0; norm != 0 && i < width; i++)
		to[i] = (real)(to[i] / norm);
}

/* Copies rows into scratch rows of `stride`. */
static void pack(real *to, ptrdiff_t stride, const real *from, ptrdiff_t from_stride, int width, int tokens, real scale,
		enum hla_feature_map map)
{
	for (int t = 0; t < tokens; t++, to += stride, from += from_stride) {
		if (map == HLA_IDENTITY)
			map_row(to, from, width, scale, HLA_IDENTITY);
		else
			map_row(to, from, width, scale, map);
	}
}

#endif
