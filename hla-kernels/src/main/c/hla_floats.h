/*
 * Rows of floats in and out of the arithmetic of float64: converted as IEEE 754 has it, also while denormals count as zero.
 * Where there are any, they go by way of numbers that are normal in double.
 */
#ifndef HLA_FLOATS_H
#define HLA_FLOATS_H

#include <math.h>
#include <string.h>

#include "hla_vector.h"

enum { DOUBLES = HLA_VECTOR_BYTES / sizeof(double) };

typedef double doubles __attribute__((vector_size(HLA_VECTOR_BYTES)));
typedef double doubles_in_memory __attribute__((vector_size(HLA_VECTOR_BYTES), aligned(sizeof(double)), may_alias));
typedef float floats __attribute__((vector_size(HLA_VECTOR_BYTES / 2)));
typedef float floats_in_memory __attribute__((vector_size(HLA_VECTOR_BYTES / 2), aligned(sizeof(float)), may_alias));
typedef uint32_t words __attribute__((vector_size(HLA_VECTOR_BYTES / 2)));
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
INLINE uint32_t denormal(float x)
{
	uint32_t size;
	memcpy(&size, &x, sizeof size);
	size &= 0x7fffffff;
	return (size - 0x800000) & ~(size - 1);
}

INLINE words denormals(words bits)
{
	const words size = bits & 0x7fffffff;
	return (size - 0x800000) & ~(size - 1);
}

/* gcc 12 makes two conversions of one of 64 bytes. */
INLINE doubles widen_vector(floats x)
{
#if defined __AVX512F__
	return (doubles)_mm512_cvtps_pd((__m256)x);
#else
	return __builtin_convertvector(x, doubles);
#endif
}

/* Some whole vectors of each row, the number of which the compiler knows; returns which numbers are denormal, by upper bits. */
INLINE words widen_vectors(double *to, ptrdiff_t to_stride, const float *from, ptrdiff_t stride, int vectors, int tokens)
{
	words found = {0};
	for (int t = 0; t < tokens; t++, to += to_stride, from += stride)
		UNROLL for (int i = 0; i < vectors; i++) {
			const floats x = *(const floats_in_memory *)(from + i * DOUBLES);
			*(doubles_in_memory *)(to + i * DOUBLES) = widen_vector(x);
			found |= denormals((words)x);
		}
	return found;
}

/* Whole vectors, like the rows of scratch that they go to; numbers behind a row are not looked at. */
static void widen_rows(double *to, ptrdiff_t to_stride, const float *from, ptrdiff_t stride, int width, int tokens)
{
	words found = {0};
	uint32_t all = 0;
	int i = 0;
	for (; i + 4 * DOUBLES <= width; i += 4 * DOUBLES)
		found |= widen_vectors(to + i, to_stride, from + i, stride, 4, tokens);
	for (; i + 2 * DOUBLES <= width; i += 2 * DOUBLES)
		found |= widen_vectors(to + i, to_stride, from + i, stride, 2, tokens);
	for (; i + DOUBLES <= width; i += DOUBLES)
		found |= widen_vectors(to + i, to_stride, from + i, stride, 1, tokens);
	if (i < width)
		widen_vectors(to + i, to_stride, from + i, stride, 1, tokens);
	for (int t = 0; i < width && t < tokens; t++)
		for (int j = i; j < width; j++)
			all |= denormal(from[t * stride + j]);
	for (int j = 0; j < DOUBLES; j++)
		all |= found[j];
	for (int t = 0; all >> 31 && t < tokens; t++)
		for (int j = 0; j < width; j++)
			to[t * to_stride + j] = widen(from[t * stride + j]);
}

INLINE long_words narrow_vectors(float *to, ptrdiff_t to_stride, const double *from, ptrdiff_t stride, int vectors,
		int tokens)
{
	const long_words least = (long_words)((doubles){0} + 0x1p-126);
	long_words found = {0};
	for (int t = 0; t < tokens; t++, to += to_stride, from += stride)
		UNROLL for (int i = 0; i < vectors; i++) {
			const doubles x = *(const doubles_in_memory *)(from + i * DOUBLES);
			const long_words size = (long_words)x & INT64_MAX;
			*(floats_in_memory *)(to + i * DOUBLES) = __builtin_convertvector(x, floats);
			found |= (size - least) & ~(size - 1);
		}
	return found;
}

static void narrow_rows(float *to, ptrdiff_t to_stride, const double *from, ptrdiff_t stride, int width, int tokens)
{
	long_words found = {0};
	uint64_t all = 0;
	int i = 0;
	for (; i + 4 * DOUBLES <= width; i += 4 * DOUBLES)
		found |= narrow_vectors(to + i, to_stride, from + i, stride, 4, tokens);
	for (; i + 2 * DOUBLES <= width; i += 2 * DOUBLES)
		found |= narrow_vectors(to + i, to_stride, from + i, stride, 2, tokens);
	for (; i + DOUBLES <= width; i += DOUBLES)
		found |= narrow_vectors(to + i, to_stride, from + i, stride, 1, tokens);
	for (int j = 0; j < DOUBLES; j++)
		all |= found[j];
	const int first = all >> 63 ? 0 : i;
	for (int t = 0; first < width && t < tokens; t++)
		for (int j = first; j < width; j++)
			to[t * to_stride + j] = narrow(from[t * stride + j]);
}

#endif
