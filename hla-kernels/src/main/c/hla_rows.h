/* What happens to rows of tokens around the sweeps: weights where decay is put off, and the output. */
#ifndef HLA_ROWS_H
#define HLA_ROWS_H

#include <string.h>

#include "hla_vector.h"

/* to[t] = weight[t] from[t] */
static void weigh(real *to, ptrdiff_t to_stride, const real *from, ptrdiff_t stride, int width, int tokens,
		const real *weight)
{
	for (int t = 0; t < tokens; t++)
		for (int i = 0; i < width; i += LANES)
			store(to + t * to_stride + i, load(from + t * stride + i) * weight[t]);
}

/* Whether quotients are had from the inverse: not of floats, whose division is fast enough, nor near the ends of the range. */
INLINE bool has_inverse(real x)
{
	const double size = x < 0 ? -x : x;
	return !HLA_SINGLE && HLA_FUSED && size >= 0x1p-500 && size <= 0x1p500;
}

/*
 * a / b, a quarter of the time of a division of vectors: the product with the inverse is mended twice by what it leaves of a,
 * which fused multiply-adds give exactly, and is the rounded quotient then (Markstein, IBM J. Res. Dev. 34, 1990); of numbers
 * below 2^-960, whose remainder may be denormal, its neighbour may come out.
 */
INLINE vec quotient(vec a, vec b, vec inverse)
{
	const vec rough = a * inverse, near = mul_add(mul_add(-rough, b, a), inverse, rough);
	const vec rounded = mul_add(mul_add(-near, b, a), inverse, near);
	const mask mends = rough + rough != rough; /* neither zero nor infinite */
	return (vec)(((mask)rounded & mends) | ((mask)rough & ~mends));
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
		real below = 0;
		for (int j = 0; j < count && terms[0].column; j++)
			below += terms[j].coefficient * terms[j].column[t];
		below += epsilon;
		const bool inverts = has_inverse(below);
		const vec divisor = splat(below), inverse = splat(1 / below);
		for (int i = 0; i < width; i += LANES) {
			vec sum = load(terms[0].rows + t * terms[0].stride + i) * first;
			for (int j = 1; j < count; j++)
				sum += load(terms[j].rows + t * terms[j].stride + i) * terms[j].coefficient;
			if (terms[0].column)
				sum = inverts ? quotient(sum, divisor, inverse) : sum / divisor;
			if (i + LANES <= width)
				store(out + i, sum);
			else
				for (int j = 0; j < width - i; j++)
					out[i + j] = sum[j];
		}
	}
}

#endif
