/*
 * The parts of layers: products to the bit what fma of the C library gives, the rest to the bit what the baseline gives, and
 * that near the definition.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../main/c/hla_layers.h"
#include "support.h"

static void fail(enum hla_isa isa, bool doubles, const char *what, double error, double allowed)
{
	failures++;
	printf("FAIL layers %s %s: %s off by %.3g, allowed %.3g\n", hla_isa_name(isa), doubles ? "double" : "float", what, error,
			allowed);
}

/* Any NaN is like any other. */
static bool same(double a, double b) { return (isnan(a) && isnan(b)) || (a == b && signbit(a) == signbit(b)); }

static void expect_same(enum hla_isa isa, bool doubles, const char *what, double got, double expected)
{
	checks++;
	if (!same(got, expected))
		fail(isa, doubles, what, got - expected, 0);
}

static struct guarded array(bool doubles, size_t count)
{
	return guarded(count, doubles ? sizeof(double) : sizeof(float));
}

static double at(const struct guarded *g, size_t i) { return element_at(inside(g), g->element, i); }

static void finish(enum hla_isa isa, struct guarded *g)
{
	checks++;
	if (!guards_hold(g))
		fail(isa, g->element == sizeof(double), "guard band", 1, 0);
	free(g->memory);
}

enum numbers { EVEN, WIDE, SPECIAL, TIES };

/*
 * Numbers of one size, of all sizes that products may have and some more, with NaN, infinities and zeros among them, or such
 * that products lie in the middle between two numbers, with very small ones that decide.
 */
static double number(enum numbers kind, bool doubles)
{
	if (kind == TIES) {
		const double which = draw(false), one = doubles ? 0x1p-26 : 0x1p-12, other = doubles ? 0x1p-27 : 0x1p-12;
		return copysign(fabs(which) < 0.3 ? (doubles ? 0x1p-100 : 0x1p-40) : 1 + (fabs(which) < 0.6 ? one : other), which);
	}
	const double x = draw(false) + 1e-3;
	if (kind == WIDE)
		return ldexp(x, (int)(draw(false) * (doubles ? 600 : 80)));
	const double which = kind == SPECIAL ? fabs(draw(false)) : 1;
	return which < 0.01 ? NAN : which < 0.02 ? INFINITY : which < 0.03 ? -INFINITY : which < 0.06 ? 0 : which < 0.08 ? -0.0 : x;
}

static void fill(struct guarded *g, enum numbers kind)
{
	for (size_t i = 0; i < g->count; i++)
		put(g, i, number(kind, g->element == sizeof(double)));
}

static double fused_in(bool doubles, double a, double b, double c)
{
	return doubles ? fma(a, b, c) : (double)fmaf((float)a, (float)b, (float)c);
}

static double rounded(bool doubles, double x) { return doubles ? x : (double)(float)x; }

/* The definition: parts of chains. */
static double product(const struct guarded *w, const struct guarded *x, size_t in, size_t out, size_t token)
{
	const bool doubles = w->element == sizeof(double);
	const size_t panel = HLA_PANEL_BYTES / w->element;
	double sum = 0;
	for (size_t from = 0; from < in; from += HLA_PART) {
		double part = 0;
		for (size_t i = from; i < in && i < from + HLA_PART; i++)
			part = fused_in(doubles, at(x, token * in + i), at(w, (out / panel * in + i) * panel + out % panel), part);
		sum = from ? rounded(doubles, sum + part) : part;
	}
	return sum;
}

/* A whole product, then the same added to it in two halves of the panels. */
static void check_linear(enum hla_isa isa, bool doubles, size_t in, size_t out, int tokens, enum numbers kind)
{
	const size_t panel = HLA_PANEL_BYTES / (doubles ? sizeof(double) : sizeof(float)), panels = (out - 1) / panel + 1;
	struct guarded w = array(doubles, panels * panel * in), x = array(doubles, (size_t)tokens * in),
		y = array(doubles, (size_t)tokens * out), expected = array(true, (size_t)tokens * out);
	fill(&w, kind);
	fill(&x, kind);
	for (size_t i = 0; i < expected.count; i++)
		put(&expected, i, product(&w, &x, in, i % out, i / out));
	const struct hla_layers *layers = hla_layers_of(isa, doubles);
	struct hla_linear l = {.weights = inside(&w), .x = inside(&x), .y = inside(&y), .in = (ptrdiff_t)in,
		.out = (ptrdiff_t)out, .tokens = tokens, .panels = (ptrdiff_t)panels};
	layers->linear(&l);
	for (size_t i = 0; i < y.count; i++)
		expect_same(isa, doubles, "product", at(&y, i), at(&expected, i));
	l.add = true;
	l.panels = (ptrdiff_t)panels / 2;
	layers->linear(&l);
	l.first_panel = l.panels;
	l.panels = (ptrdiff_t)panels - l.panels;
	layers->linear(&l);
	for (size_t i = 0; i < y.count; i++)
		expect_same(isa, doubles, "product added", at(&y, i), rounded(doubles, at(&expected, i) + at(&expected, i)));
	finish(isa, &w);
	finish(isa, &x);
	finish(isa, &y);
	free(expected.memory);
}

/* Off by so many units in the last place. */
static void expect_near(enum hla_isa isa, bool doubles, const char *what, double got, long double expected, double units)
{
	const long double unit = doubles ? DBL_EPSILON * fmaxl(fabsl(expected), DBL_MIN) : FLT_EPSILON * fmaxl(fabsl(expected), FLT_MIN);
	const double error = (double)(fabsl((long double)got - expected) / unit);
	checks++;
	if (isnan(expected) || isinf((double)expected) ? !same(got, (double)expected) : !(error <= units))
		fail(isa, doubles, what, error, units);
}

static void check_swish(enum hla_isa isa, bool doubles, size_t count, enum numbers kind)
{
	struct guarded z = array(doubles, count), y = array(doubles, count), baseline = array(doubles, count);
	fill(&z, kind);
	for (size_t i = 0; i < count; i++) {
		put(&z, i, at(&z, i) * (kind == WIDE ? 1 : 100));
		put(&y, i, 1);
		put(&baseline, i, 1);
	}
	hla_layers_of(isa, doubles)->multiply_swish(inside(&z), inside(&y), (ptrdiff_t)count);
	hla_layers_of(HLA_BASELINE, doubles)->multiply_swish(inside(&z), inside(&baseline), (ptrdiff_t)count);
	for (size_t i = 0; i < count; i++) {
		expect_same(isa, doubles, "swish", at(&y, i), at(&baseline, i));
		const long double x = at(&z, i);
		/* Where exp leaves the range of the element it is infinite. */
		const bool overflows = x < (doubles ? -709.782713L : -88.722840L);
		if (!overflows || isinf((double)x))
			expect_near(isa, doubles, "swish", at(&y, i), x / (1 + expl(-x)), 4);
		else
			expect_same(isa, doubles, "swish far down", at(&y, i), -0.0);
	}
	finish(isa, &z);
	finish(isa, &y);
	free(baseline.memory);
}

static void check_norm(enum hla_isa isa, bool doubles, int size, ptrdiff_t groups, enum numbers kind)
{
	const size_t count = (size_t)(groups * size);
	struct guarded x = array(doubles, count), y = array(doubles, count), baseline = array(doubles, count),
		weight = array(true, (size_t)size);
	fill(&x, kind);
	fill(&weight, EVEN);
	hla_norms_of(isa)->rms_norm(inside(&weight), size, 1e-5, doubles, inside(&x), inside(&y), groups);
	hla_norms_of(HLA_BASELINE)->rms_norm(inside(&weight), size, 1e-5, doubles, inside(&x), inside(&baseline), groups);
	for (size_t i = 0; i < count; i++) {
		expect_same(isa, doubles, "norm", at(&y, i), at(&baseline, i));
		long double sum = 0;
		for (size_t j = i - i % (size_t)size; j < i - i % (size_t)size + (size_t)size; j++)
			sum += (long double)at(&x, j) * at(&x, j);
		if (kind != WIDE)
			expect_near(isa, doubles, "norm", at(&y, i), at(&x, i) / sqrtl(sum / size + 1e-5L) * at(&weight, i % (size_t)size), 4);
	}
	/* In place. */
	hla_norms_of(isa)->rms_norm(inside(&weight), size, 1e-5, doubles, inside(&x), inside(&x), groups);
	for (size_t i = 0; i < count; i++)
		expect_same(isa, doubles, "norm in place", at(&x, i), at(&y, i));
	finish(isa, &x);
	finish(isa, &y);
	finish(isa, &weight);
	free(baseline.memory);
}

static void check_probability(enum hla_isa isa, bool doubles, int width, int tokens, enum numbers kind)
{
	struct guarded logits = array(doubles, (size_t)(width * tokens)), to = array(true, (size_t)tokens),
		baseline = array(true, (size_t)tokens);
	int *ids = malloc((size_t)tokens * sizeof *ids);
	fill(&logits, kind);
	for (size_t i = 0; i < logits.count && kind == EVEN; i++)
		put(&logits, i, at(&logits, i) * 30);
	for (int t = 0; t < tokens; t++)
		ids[t] = t * 7 % width;
	hla_norms_of(isa)->log_probability(doubles, inside(&logits), width, ids, inside(&to), tokens);
	hla_norms_of(HLA_BASELINE)->log_probability(doubles, inside(&logits), width, ids, inside(&baseline), tokens);
	for (int t = 0; t < tokens; t++) {
		expect_same(isa, doubles, "log probability", at(&to, (size_t)t), at(&baseline, (size_t)t));
		long double most = -INFINITY, sum = 0;
		for (int i = 0; i < width; i++)
			most = fmaxl(most, at(&logits, (size_t)(t * width + i)));
		for (int i = 0; i < width; i++)
			sum += expl(at(&logits, (size_t)(t * width + i)) - most);
		const long double logit = at(&logits, (size_t)(t * width + ids[t])) - most, expected = logit - logl(sum);
		const double got = at(&to, (size_t)t);
		checks++;
		/* The sum of exps has some roundings, and the logarithm takes errors of its argument as they are. */
		const double error = (double)(fabsl(got - expected) / DBL_EPSILON), allowed = 8 + 2 * (double)fabsl(expected);
		if (isfinite((double)expected) ? !(error <= allowed) : !same(got, (double)expected))
			fail(isa, doubles, "log probability", error, allowed);
	}
	finish(isa, &logits);
	finish(isa, &to);
	free(baseline.memory);
	free(ids);
}

/* Any bits: most are far from each other, so some are brought near. */
static void check_fused(int count)
{
	for (int i = 0; i < count; i++) {
		double x[3];
		for (int j = 0; j < 3; j++) {
			uint64_t bits = 0;
			for (int k = 0; k < 4; k++)
				bits = bits << 16 | (uint64_t)(fabs(draw(false)) * 65535.99);
			memcpy(&x[j], &bits, sizeof bits);
		}
		if (i % 4 == 1)
			x[2] = -x[0] * x[1] * (1 + draw(false) * 0x1p-50);
		if (i % 4 == 2)
			x[0] = ldexp(x[0], (int)(draw(false) * 1100));
		if (i % 4 == 3 && isnormal(x[0] * x[1]))
			x[2] = ldexp(draw(false), (int)(draw(false) * 60) + ilogb(x[0] * x[1]));
		if (i % 64 == 0)
			x[i / 64 % 3] = i / 192 % 2 ? 0 : INFINITY;
		const double got = hla_fused(x[0], x[1], x[2]), expected = fma(x[0], x[1], x[2]);
		/* Under valgrind what is negative and too small for a number becomes +0. */
		if (got != 0 || expected != 0 || !getenv("HLA_DENORMALS_KEPT"))
			expect_same(HLA_BASELINE, true, "fused multiply-add", got, expected);
	}
}

void check_layers(enum hla_isa isa, bool few)
{
	start_numbers(11);
	check_fused(few ? 2000 : 200000);
	/* Below, at and above: a part; a panel of floats and of doubles, a block of panels; a tile, a block of tokens. */
	static const size_t ins[] = {1, 2, 17, 255, 256, 257, 600}, outs[] = {1, 7, 8, 9, 16, 17, 40, 130};
	static const int tokens[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 31, 97, 131};
	int turn = 0;
	for (int doubles = 0; doubles < 2; doubles++) {
		for (int i = 0; i < 7; i++)
			for (int o = 0; o < 8; o++)
				for (int t = 0; t < 14; t++)
					if ((ins[i] * outs[o] * (size_t)tokens[t] < 500000 || turn % 5 == 0) && turn++ % (few ? 29 : 1) == 0)
						check_linear(isa, doubles, ins[i], outs[o], tokens[t], (enum numbers)(turn % 4));
		for (int size = 1; size < 71; size += few ? 9 : 1)
			for (int kind = EVEN; kind <= SPECIAL; kind++) {
				check_swish(isa, doubles, (size_t)size, (enum numbers)kind);
				check_norm(isa, doubles, size, 3, (enum numbers)kind);
				if (kind != WIDE)
					check_probability(isa, doubles, size, 5, (enum numbers)kind);
			}
		check_swish(isa, doubles, few ? 1000 : 50000, EVEN);
		check_probability(isa, doubles, few ? 100 : 20000, 2, EVEN);
	}
}
