/*
 * Multiply-adds that are rounded once in every instruction set: where there is no such instruction they are put together
 * from others. mul_add of hla_vector.h is two roundings there, and ten times as fast.
 */
#ifndef HLA_FUSED_H
#define HLA_FUSED_H

#include "hla_layers.h"
#include "hla_vector.h"

INLINE vec choose(mask where, vec a, vec b) { return (vec)(((mask)a & where) | ((mask)b & ~where)); }

#if defined __FMA__ || defined __aarch64__
#define HLA_HAS_FUSED 1
INLINE vec fused(vec a, vec b, vec c) { return mul_add(a, b, c); }
INLINE double fused_double(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
#define HLA_HAS_FUSED 0

typedef double wide_vec __attribute__((vector_size(HLA_VECTOR_BYTES)));
typedef int64_t wide_mask __attribute__((vector_size(HLA_VECTOR_BYTES)));

/*
 * a + b rounded to odd: one of the two doubles around the exact sum, the one whose last bit is set. Whoever rounds that once
 * more, to fewer digits, has rounded the exact sum.
 */
INLINE wide_vec sum_to_odd(wide_vec a, wide_vec b)
{
	const wide_vec sum = a + b, from_b = sum - a, rest = (a - (sum - from_b)) + (b - from_b);
	const wide_mask bits = (wide_mask)sum;
	const wide_mask inexact = (wide_mask)(rest > 0) | (wide_mask)(rest < 0), even = (bits & 1) - 1;
	/* One up in size if the rest has the sign of the sum, else one down. */
	const wide_mask step = ((wide_mask)(rest > 0) ^ (wide_mask)(sum > 0)) | 1;
	return (wide_vec)(bits + (inexact & even & step));
}

#if HLA_SINGLE
typedef float half_vec __attribute__((vector_size(HLA_VECTOR_BYTES / 2)));

/* Products of floats are exact in double, and so is what is rounded to odd there. */
INLINE half_vec fused_half(half_vec a, half_vec b, half_vec c)
{
	const wide_vec product = __builtin_convertvector(a, wide_vec) * __builtin_convertvector(b, wide_vec);
	return __builtin_convertvector(sum_to_odd(product, __builtin_convertvector(c, wide_vec)), half_vec);
}

INLINE vec fused(vec a, vec b, vec c)
{
	union halves {
		vec whole;
		half_vec half[2];
	} x = {a}, y = {b}, z = {c};
	z.half[0] = fused_half(x.half[0], y.half[0], z.half[0]);
	z.half[1] = fused_half(x.half[1], y.half[1], z.half[1]);
	return z.whole;
}
#else
INLINE bool all_lanes(mask where)
{
	lane_mask all = -1;
	for (int i = 0; i < LANES; i++)
		all &= where[i];
	return all != 0;
}

/* High and low half of a double; their products are exact. */
INLINE vec upper_half(vec a)
{
	const vec scaled = a * splat(0x1p27 + 1);
	return scaled - (scaled - a);
}

/* After Boldo and Melquiond, Emulation of FMA and correctly rounded sums (2008): the last sum rounds one that is odd. */
INLINE vec fused(vec a, vec b, vec c)
{
	const vec most = splat(0x1p400), least = splat(0x1p-400);
	const vec size_a = (vec)((mask)a & INT64_MAX), size_b = (vec)((mask)b & INT64_MAX), size_c = (vec)((mask)c & INT64_MAX);
	const mask zero = (a == 0) | (b == 0);
	/* No NaN is in any range. Of a product that is 0 its factors do not matter. */
	const mask in_range = (size_a <= most) & (size_b <= most) & (size_c <= splat(0x1p1000))
			& (((size_a >= least) & (size_b >= least)) | zero);
	if (__builtin_expect(!all_lanes(in_range), 0)) {
		for (int i = 0; i < LANES; i++)
			c[i] = hla_fused(a[i], b[i], c[i]);
		return c;
	}
	const vec product = a * b;
	const vec a_high = upper_half(a), a_low = a - a_high, b_high = upper_half(b), b_low = b - b_high;
	const vec rest = ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low;
	const vec low = c + rest, low_from = low - c, low_rest = (c - (low - low_from)) + (rest - low_from);
	const vec high = product + low, high_from = high - product,
		high_rest = (product - (high - high_from)) + (low - high_from);
	return choose(zero, product + c, high + sum_to_odd(low_rest, high_rest));
}
#endif

INLINE double fused_double(double a, double b, double c) { return hla_fused(a, b, c); }
#endif

#endif
