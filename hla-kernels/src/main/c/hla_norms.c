/* Rows whose sums are taken in double: in lanes and in a tree that no instruction set has any influence on. */
#include <string.h>

#include "hla_exponential.h"

/* Number i of a row is added to sum i % SUMS; these are added in halves. */
enum { SUMS = 16, SUM_VECTORS = SUMS / LANES };

typedef float floats __attribute__((vector_size(HLA_VECTOR_BYTES / 2)));
typedef float floats_in_memory __attribute__((vector_size(HLA_VECTOR_BYTES / 2), aligned(sizeof(float)), may_alias));

/* Rows of floats or doubles, to those who compute in double. */
INLINE vec get(const void *row, ptrdiff_t at, bool is_double)
{
	if (is_double)
		return load((const double *)row + at);
	return __builtin_convertvector((floats)*(const floats_in_memory *)((const float *)row + at), vec);
}

INLINE void set(void *row, ptrdiff_t at, vec value, bool is_double)
{
	if (is_double)
		store((double *)row + at, value);
	else
		*(floats_in_memory *)((float *)row + at) = __builtin_convertvector(value, floats);
}

INLINE double get_one(const void *row, ptrdiff_t at, bool is_double)
{
	return is_double ? ((const double *)row)[at] : ((const float *)row)[at];
}

INLINE void set_one(void *row, ptrdiff_t at, double value, bool is_double)
{
	if (is_double)
		((double *)row)[at] = value;
	else
		((float *)row)[at] = (float)value;
}

/* Where the whole numbers of SUMS end, and what is behind them, filled up. */
INLINE int rest_of(const void *row, int size, double fill, double *rest, bool is_double)
{
	const int whole = size - size % SUMS;
	for (int i = 0; i < SUMS; i++)
		rest[i] = whole + i < size ? get_one(row, whole + i, is_double) : fill;
	return whole;
}

INLINE double whole_sum(const vec *sums)
{
	double number[SUMS];
	for (int i = 0; i < SUM_VECTORS; i++)
		store(number + i * LANES, sums[i]);
	for (int half = SUMS / 2; half > 0; half /= 2)
		for (int i = 0; i < half; i++)
			number[i] += number[i + half];
	return number[0];
}

INLINE void add_squares(vec *sums, const void *row, ptrdiff_t at, bool is_double)
{
	UNROLL for (int i = 0; i < SUM_VECTORS; i++) {
		const vec x = get(row, at + i * LANES, is_double);
		sums[i] = fused(x, x, sums[i]);
	}
}

INLINE void rms_norm_row(const double *weight, int size, double epsilon, const void *x, void *y, bool is_double)
{
	double rest[SUMS];
	vec sums[SUM_VECTORS] = {{0}};
	const int whole = rest_of(x, size, 0, rest, is_double);
	for (int i = 0; i < whole; i += SUMS)
		add_squares(sums, x, i, is_double);
	if (whole < size)
		add_squares(sums, rest, 0, true);
	const double factor = 1 / __builtin_sqrt(whole_sum(sums) / size + epsilon);
	int i = 0;
	for (; i + LANES <= size; i += LANES)
		set(y, i, get(x, i, is_double) * splat(factor) * load(weight + i), is_double);
	for (; i < size; i++)
		set_one(y, i, get_one(x, i, is_double) * factor * weight[i], is_double);
}

static void rms_norm(const double *weight, int size, double epsilon, bool doubles, const void *x, void *y, ptrdiff_t groups)
{
	if (doubles)
		for (ptrdiff_t g = 0; g < groups; g++)
			rms_norm_row(weight, size, epsilon, (const double *)x + g * size, (double *)y + g * size, true);
	else
		for (ptrdiff_t g = 0; g < groups; g++)
			rms_norm_row(weight, size, epsilon, (const float *)x + g * size, (float *)y + g * size, false);
}

/* log of a number that is normal and positive, or NaN; see io.hla.layers.Exponential. */
static double logarithm(double x)
{
	static const double series[] = {2 / 25., 2 / 23., 2 / 21., 2 / 19., 2 / 17., 2 / 15., 2 / 13., 2 / 11., 2 / 9., 2 / 7.,
		2 / 5., 2 / 3.};
	if (!(x < __builtin_inf()))
		return x;
	int64_t bits;
	memcpy(&bits, &x, sizeof bits);
	int64_t exponent = (bits >> EXPONENT_AT) - EXPONENT_BIAS;
	bits -= exponent << EXPONENT_AT;
	double m;
	memcpy(&m, &bits, sizeof m);
	if (m > 0x1.6a09e667f3bcdp0) {
		m /= 2;
		exponent++;
	}
	const double f = m - 1, s = f / (m + 1), z = s * s;
	double sum = 0;
	for (size_t i = 0; i < sizeof series / sizeof *series; i++)
		sum = fused_double(sum, z, series[i]);
	/* log(1 + f) = f - s (f - z sum): what is rounded is much smaller than f. */
	const double rest = s * (f - z * sum);
	return fused_double((double)exponent, LN2_HIGH, f - (rest - (double)exponent * LN2_LOW));
}

INLINE double largest(const void *row, int size, bool is_double)
{
	double rest[SUMS], most[SUMS];
	vec lanes[SUM_VECTORS];
	const int whole = rest_of(row, size, -__builtin_inf(), rest, is_double);
	for (int i = 0; i < SUM_VECTORS; i++)
		lanes[i] = load(rest + i * LANES);
	for (int at = 0; at < whole; at += SUMS)
		UNROLL for (int i = 0; i < SUM_VECTORS; i++) {
			const vec x = get(row, at + i * LANES, is_double);
			lanes[i] = choose(x > lanes[i], x, lanes[i]);
		}
	for (int i = 0; i < SUM_VECTORS; i++)
		store(most + i * LANES, lanes[i]);
	for (int i = 1; i < SUMS; i++)
		most[0] = most[i] > most[0] ? most[i] : most[0];
	return most[0];
}

INLINE void add_exponentials(vec *sums, const void *row, ptrdiff_t at, double most, bool is_double)
{
	for (int i = 0; i < SUM_VECTORS; i++)
		sums[i] += exponential(get(row, at + i * LANES, is_double) - splat(most));
}

INLINE double log_probability_of(const void *row, int size, int id, bool is_double)
{
	const double most = largest(row, size, is_double);
	double rest[SUMS];
	vec sums[SUM_VECTORS] = {{0}};
	const int whole = rest_of(row, size, -__builtin_inf(), rest, is_double);
	for (int i = 0; i < whole; i += SUMS)
		add_exponentials(sums, row, i, most, is_double);
	if (whole < size)
		add_exponentials(sums, rest, 0, most, true);
	return get_one(row, id, is_double) - most - logarithm(whole_sum(sums));
}

static void log_probability(bool doubles, const void *logits, int width, const int *ids, double *to, int tokens)
{
	for (ptrdiff_t t = 0; t < tokens; t++)
		to[t] = doubles ? log_probability_of((const double *)logits + t * width, width, ids[t], true)
			: log_probability_of((const float *)logits + t * width, width, ids[t], false);
}

#define EXPORTED HLA_PASTE(hla_norms_, HLA_ISA)
const struct hla_norms EXPORTED = {rms_norm, log_probability};
