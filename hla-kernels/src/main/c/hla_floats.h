/*
 * Rows of floats in and out of the arithmetic of float64: converted as IEEE 754 has it, also while denormals count as zero,
 * by way of numbers that are normal in double. The loops are left to the compiler to vectorize.
 */
#ifndef HLA_FLOATS_H
#define HLA_FLOATS_H

#include <math.h>

#include "hla_vector.h"

typedef uint32_t word __attribute__((may_alias));
typedef uint64_t long_word __attribute__((may_alias));

/* The number that the bits of a denormal float stand for. */
static real widen(word bits)
{
	const double size = (double)(bits & 0x7fffff) * 0x1p-149;
	return (real)(bits >> 31 ? -size : size);
}

/* The bits of a number below the least normal float: what is added to it has the last bit of denormal floats as its own. */
static word narrow(double x)
{
	const double last = 0x1.8p-97, sum = fabs(x) + last;
	return (word)(*(const long_word *)&sum - *(const long_word *)&last) | (signbit(x) ? UINT32_C(1) << 31 : 0);
}

static bool is_denormal(word bits) { return (bits << 1) - 1 < 0xffffff; }

static void widen_row(real *restrict to, const float *restrict from, int width)
{
	const word *bits = (const word *)from;
	word found = 0;
	for (int i = 0; i < width; i++) {
		to[i] = (real)from[i];
		found |= is_denormal(bits[i]);
	}
	for (int i = 0; found && i < width; i++)
		if (is_denormal(bits[i]))
			to[i] = widen(bits[i]);
}

static void narrow_row(float *restrict to, const real *restrict from, int width)
{
	const double least = 0x1p-126;
	uint64_t found = 0;
	for (int i = 0; i < width; i++) {
		to[i] = (float)from[i];
		found |= (fabs((double)from[i]) < least) & (from[i] != 0);
	}
	for (int i = 0; found && i < width; i++)
		if (fabs((double)from[i]) < least)
			((word *)to)[i] = narrow((double)from[i]);
}

static void widen_rows(real *to, ptrdiff_t stride, const float *from, ptrdiff_t from_stride, int width, int tokens)
{
	for (int t = 0; t < tokens; t++)
		widen_row(to + t * stride, from + t * from_stride, width);
}

static void narrow_rows(float *to, ptrdiff_t to_stride, const real *from, ptrdiff_t stride, int width, int tokens)
{
	for (int t = 0; t < tokens; t++)
		narrow_row(to + t * to_stride, from + t * stride, width);
}

#endif
