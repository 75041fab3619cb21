/* exp of every lane, the same bits as io.hla.layers.Exponential: see there for the steps and the error. */
#ifndef HLA_EXPONENTIAL_H
#define HLA_EXPONENTIAL_H

#include "hla_fused.h"

#if HLA_SINGLE
#define ROUNDING 0x1.8p23f
static const real LOG2_E = 0x1.715476p0f, LN2_HIGH = 0x1.62ep-1f, LN2_LOW = 0x1.0bfbe8p-15f, MOST = 89, LEAST = -105;
static const real TAYLOR[] = {1 / 5040.f, 1 / 720.f, 1 / 120.f, 1 / 24.f, 1 / 6.f, 1 / 2.f, 1, 1};
enum { EXPONENT_AT = 23, EXPONENT_BIAS = 127 };
#else
#define ROUNDING 0x1.8p52
static const real LOG2_E = 0x1.71547652b82fep0, LN2_HIGH = 0x1.62e42feep-1, LN2_LOW = 0x1.a39ef35793c76p-33, MOST = 710,
	LEAST = -746;
static const real TAYLOR[] = {1 / 6227020800., 1 / 479001600., 1 / 39916800., 1 / 3628800., 1 / 362880., 1 / 40320.,
	1 / 5040., 1 / 720., 1 / 120., 1 / 24., 1 / 6., 1 / 2., 1, 1};
enum { EXPONENT_AT = 52, EXPONENT_BIAS = 1023 };
#endif

/* 2^n for the integer that stands in the last bits of n + ROUNDING. */
INLINE vec power_of_two(mask n) { return (vec)((n + EXPONENT_BIAS) << EXPONENT_AT); }

INLINE vec exponential(vec x)
{
	x = choose(x > splat(MOST), splat(MOST), x);
	x = choose(x < splat(LEAST), splat(LEAST), x);
	const vec shifted = fused(x, splat(LOG2_E), splat(ROUNDING)), n = shifted - splat(ROUNDING);
	const vec r = fused(n, splat(-LN2_LOW), fused(n, splat(-LN2_HIGH), x));
	vec sum = splat(TAYLOR[0]);
	UNROLL for (size_t i = 1; i < sizeof TAYLOR / sizeof *TAYLOR; i++)
		sum = fused(sum, r, splat(TAYLOR[i]));
	/* In two steps, since 2^n may be out of range where the result is not. */
	const mask whole = (mask)shifted - (mask)splat(ROUNDING);
	const mask half = (mask)fused(n, splat((real)0.5), splat(ROUNDING)) - (mask)splat(ROUNDING);
	return sum * power_of_two(half) * power_of_two(whole - half);
}

#endif
