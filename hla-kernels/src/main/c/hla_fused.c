/* For processors that have no fused multiply-add, where the products of hla_fused.h leave the range of its sums. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "hla_layers.h"

typedef unsigned __int128 wide;

enum { FRACTION = 52, TOP = 125, LEAST = -1074 };

/* A number as integer 2^exponent, with the highest bit at TOP. */
struct number {
	wide integer;
	int exponent;
	bool negative;
};

static uint64_t bits_of(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static double from_bits(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

static int highest_bit(wide x)
{
	const uint64_t upper = (uint64_t)(x >> 64);
	return upper ? 127 - __builtin_clzll(upper) : 63 - __builtin_clzll((uint64_t)x);
}

static struct number normalized(wide integer, int exponent, bool negative)
{
	const int shift = TOP - highest_bit(integer);
	return (struct number){integer << shift, exponent - shift, negative};
}

/* The integer and the exponent of a finite number that is not zero. */
static uint64_t integer_of(double x, int *exponent)
{
	const uint64_t bits = bits_of(x), fraction = bits & ((UINT64_C(1) << FRACTION) - 1);
	const int biased = (int)(bits >> FRACTION & 0x7ff);
	*exponent = LEAST + (biased ? biased - 1 : 0);
	return biased ? fraction | UINT64_C(1) << FRACTION : fraction;
}

/* Shifted to the right; the last bit tells whether any was lost. */
static wide shifted(wide x, int by)
{
	if (by <= 0)
		return x;
	return by > 127 ? x != 0 : x >> by | ((x & (((wide)1 << by) - 1)) != 0);
}

static struct number sum(struct number a, struct number b)
{
	if (a.exponent < b.exponent) {
		const struct number c = a;
		a = b;
		b = c;
	}
	/* Where bits are lost, a is so much larger that at most its highest bit is cancelled. */
	b.integer = shifted(b.integer, a.exponent - b.exponent);
	if (a.negative == b.negative)
		return (struct number){a.integer + b.integer, a.exponent, a.negative};
	if (a.integer >= b.integer)
		return (struct number){a.integer - b.integer, a.exponent, a.negative};
	return (struct number){b.integer - a.integer, a.exponent, b.negative};
}

/* To the nearest double, of two the even one. Bits of a double are in the order of its size, across powers of two too. */
static double rounded(struct number x)
{
	const int lowest = highest_bit(x.integer) + x.exponent - FRACTION;
	const int last = lowest > LEAST ? lowest : LEAST;
	/* Two bits behind the last one say all about the rest. */
	const int shift = last - 2 - x.exponent;
	const wide found = shift < 0 ? x.integer << -shift : shifted(x.integer, shift);
	const uint64_t whole = (uint64_t)(found >> 2), rest = (uint64_t)found & 3;
	uint64_t size = whole + (rest == 3 || (rest == 2 && (whole & 1)));
	size += (uint64_t)(last - LEAST) << FRACTION;
	if (last - LEAST > 2045 || size >= UINT64_C(0x7ff) << FRACTION)
		size = UINT64_C(0x7ff) << FRACTION;
	return from_bits(size | (uint64_t)x.negative << 63);
}

double hla_fused(double a, double b, double c)
{
	if (isnan(a) || isnan(b) || isnan(c) || isinf(a) || isinf(b) || a == 0 || b == 0)
		return a * b + c;
	if (isinf(c))
		return c;
	int of_a, of_b, of_c;
	const wide integer = (wide)integer_of(a, &of_a) * integer_of(b, &of_b);
	const struct number product = normalized(integer, of_a + of_b, signbit(a) != signbit(b));
	if (c == 0)
		return rounded(product);
	const wide addend = integer_of(c, &of_c);
	const struct number result = sum(product, normalized(addend, of_c, signbit(c)));
	return result.integer ? rounded(result) : 0;
}
