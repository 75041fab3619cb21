/*
 * Rows of floats in and out of the arithmetic of float64: converted as IEEE 754 has it, also while denormals count as zero.
 * Where there are any, they go by way of numbers that are normal in double.
 */
#ifndef HLA_FLOATS_H
#define HLA_FLOATS_H

#include <math.h>
#include <string.h>

#include "hla_vector.h"

enum { DOUBLES = HLA_VECTOR_BYTES / sizeof(double), WORDS = HLA_VECTOR_BYTES / sizeof(uint32_t) };

typedef double doubles __attribute__((vector_size(HLA_VECTOR_BYTES)));
typedef double doubles_in_memory __attribute__((vector_size(HLA_VECTOR_BYTES), aligned(sizeof(double)), may_alias));
typedef float floats __attribute__((vector_size(HLA_VECTOR_BYTES / 2)));
typedef float floats_in_memory __attribute__((vector_size(HLA_VECTOR_BYTES / 2), aligned(sizeof(float)), may_alias));
typedef uint32_t words __attribute__((vector_size(HLA_VECTOR_BYTES)));
typedef uint32_t words_in_memory __attribute__((vector_size(HLA_VECTOR_BYTES), aligned(sizeof(float)), may_alias));
typedef uint64_t long_words __attribute__((vector_size(HLA_VECTOR_BYTES)));

static double widen(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	if ((bits << 1) >> 24)
		return x;
	const double size = (double)(bits & 0x7fffff) * 0x1p-149;
	return bits >> 31 ? -size : size;
}

/* What is added to a number below the least normal float has the last bit of denormal floats as its own. */
static float narrow(double x)
{
	const double last = 0x1.8p-97, sum = fabs(x) + last;
	if (!(fabs(x) < 0x1p-126))
		return (float)x;
	uint64_t from, to;
	memcpy(&from, &last, sizeof from);
	memcpy(&to, &sum, sizeof to);
	const uint32_t bits = (uint32_t)(to - from) | (signbit(x) ? UINT32_C(1) << 31 : 0);
	float rounded;
	memcpy(&rounded, &bits, sizeof rounded);
	return rounded;
}

/* The upper bit: below the least normal number, and not zero. */
static uint32_t denormal(uint32_t bits)
{
	const uint32_t size = bits & 0x7fffffff;
	return (size - 0x800000) & ~(size - 1);
}

/* Whether any number is denormal; what stands behind a row is not looked at. */
static bool has_denormals(const float *from, ptrdiff_t stride, int width, int tokens)
{
	words found = {0};
	uint32_t all = 0;
	for (int t = 0; t < tokens; t++, from += stride) {
		int i = 0;
		for (; i + WORDS <= width; i += WORDS) {
			const words size = *(const words_in_memory *)(from + i) & 0x7fffffff;
			found |= (size - 0x800000) & ~(size - 1);
		}
		for (; i < width; i++) {
			uint32_t bits;
			memcpy(&bits, from + i, sizeof bits);
			all |= denormal(bits);
		}
	}
	for (int i = 0; i < WORDS; i++)
		all |= found[i];
	return all >> 31;
}

/* Whole vectors, like the rows of scratch that they go to. */
static void widen_rows(double *to, ptrdiff_t to_stride, const float *from, ptrdiff_t stride, int width, int tokens)
{
	const bool denormals = has_denormals(from, stride, width, tokens);
	for (int t = 0; t < tokens; t++, to += to_stride, from += stride) {
		for (int i = 0; i < width; i += DOUBLES)
			*(doubles_in_memory *)(to + i) =
				__builtin_convertvector((floats)*(const floats_in_memory *)(from + i), doubles);
		for (int i = 0; denormals && i < width; i++)
			to[i] = widen(from[i]);
	}
}

static void narrow_rows(float *to, ptrdiff_t to_stride, const double *from, ptrdiff_t stride, int width, int tokens)
{
	const doubles least = (doubles){0} + 0x1p-126;
	for (int t = 0; t < tokens; t++, to += to_stride, from += stride) {
		long_words found = {0};
		int i = 0;
		for (; i + DOUBLES <= width; i += DOUBLES) {
			const doubles x = *(const doubles_in_memory *)(from + i);
			const long_words size = (long_words)x & INT64_MAX;
			*(floats_in_memory *)(to + i) = __builtin_convertvector(x, floats);
			found |= (size - (long_words)least) & ~(size - 1);
		}
		uint64_t all = 0;
		for (int j = 0; j < DOUBLES; j++)
			all |= found[j];
		for (i = all >> 63 ? 0 : i; i < width; i++)
			to[i] = narrow(from[i]);
	}
}

#endif
