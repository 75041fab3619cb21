#include "support.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double decays[] = {0.9, 1.0, 0.99, 1e-6, 0.5, 0.999};
static const char *const precision_names[] = {"float32", "mixed", "float64"};
int failures, checks;
static unsigned long long seed;

double decay_of(const struct setting *s, int head) { return s->decays ? decays[s->one_decay ? 2 : head % 6] : 1; }

void start_numbers(unsigned long long from) { seed = from; }

static double uniform(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(seed >> 11) / (double)(1ULL << 53);
}

double draw(bool integer)
{
	return integer ? floor(uniform() * 5) - 2 : (double)(float)(uniform() * 2 - 1);
}

double draw_gate(bool integer)
{
	const double kind = uniform(), between = 0.5 + uniform() / 2;
	if (kind < 0.06)
		return 0;
	return integer || kind < 0.2 ? 1 : kind < 0.25 ? 1e-150 : between;
}

enum { GUARD = 64 };

void poison(char *at, size_t count, size_t element)
{
	for (size_t i = 0; i < count; i++)
		if (element == sizeof(float))
			((float *)at)[i] = NAN;
		else
			((double *)at)[i] = NAN;
}

struct guarded guarded(size_t count, size_t element)
{
	/* Aligned, so that rows of whole vectors are taken in place; others are packed. */
	struct guarded g = {count, element, aligned_alloc(64, ((count + 2 * GUARD) * element + 63) / 64 * 64)};
	if (!g.memory)
		abort();
	poison(g.memory, count + 2 * GUARD, element);
	return g;
}

void *inside(const struct guarded *g) { return g->memory + GUARD * g->element; }

double element_at(const void *array, size_t element, size_t i)
{
	return element == sizeof(float) ? (double)((const float *)array)[i] : ((const double *)array)[i];
}

void put(const struct guarded *g, size_t i, double value)
{
	if (g->element == sizeof(float))
		((float *)inside(g))[i] = (float)value;
	else
		((double *)inside(g))[i] = value;
}

bool guards_hold(const struct guarded *g)
{
	for (size_t i = 0; i < GUARD; i++)
		if (!isnan(element_at(g->memory, g->element, i))
				|| !isnan(element_at(g->memory, g->element, GUARD + g->count + i)))
			return false;
	return true;
}

void complain(const struct setting *s, const char *what, double error, double bound)
{
	failures++;
	printf("FAIL %s %s %s n=%d d=%d dv=%d heads=%d/%d%s%s%s%s map=%d ridge=%g: %s off by %.3g, allowed %.3g\n",
			operator_names[s->operator], precision_names[s->precision], hla_isa_name(s->isa), s->n, s->d, s->dv,
			s->heads, s->kv_heads, s->normalize ? " normalize" : "", s->decays ? " decay" : "",
			s->gated ? " gated" : "", s->integers ? " integers" : "", (int)s->map, s->ridge, what, error, bound);
}

double allowed(const struct setting *s)
{
	const bool published = s->operator == HLA2_PUBLISHED || s->operator == HLA3_PUBLISHED;
	/* The published forms subtract sums that may be as many times larger than their difference as there are tokens. */
	if (s->precision != HLA_FLOAT64)
		return published ? fmax(1e-5, 8 * FLT_EPSILON * s->n) : 1e-5;
	/* A denominator of the published forms is the difference of nearly equal sums. */
	return s->integers ? 0 : published && s->normalize ? 1e-10 : 1e-12;
}

void compare(const struct setting *s, const char *what, const void *got, size_t element, size_t stride,
		const long double *expected, size_t expected_stride, int rows, int columns, long double least_scale, double bound)
{
	long double worst = 0, largest = least_scale;
	for (int t = 0; t < rows; t++)
		for (int j = 0; j < columns; j++) {
			const long double e = expected[(size_t)t * expected_stride + (size_t)j];
			const long double gap = fabsl(e - (long double)element_at(got, element, (size_t)t * stride + (size_t)j));
			if (!(gap <= worst))
				worst = isnan(gap) ? INFINITY : gap;
			if (fabsl(e) > largest)
				largest = fabsl(e);
		}
	checks++;
	if (!(worst <= (long double)bound * largest))
		complain(s, what, (double)(worst / largest), bound);
}

struct hla_session *open_session(const struct setting *s, bool summary)
{
	double decay[16];
	for (int h = 0; h < s->heads; h++)
		decay[h] = decay_of(s, h);
	struct hla_settings settings = {.program = program_of(s->operator, summary, s->ridge), .d = s->d, .dv = s->dv,
		.heads = s->heads, .kv_heads = s->kv_heads, .precision = s->precision, .cap = s->isa, .feature_map = s->map,
		.normalize = s->normalize, .gated = s->gated, .scale = s->scale, .epsilon = 1e-6, .decay = decay};
	struct hla_session *session;
	const char *problem;
	if (hla_create(&session, &settings, &problem) != HLA_OK) {
		printf("cannot create a session: %s\n", problem ? problem : "out of memory");
		exit(1);
	}
	return session;
}

void feed_rows(struct hla_session *session, int n, const struct hla_rows *all, int piece)
{
	for (int t = 0; t < n; t += piece) {
		const struct hla_rows rows = hla_rows_from(session, *all, t);
		session->kernels->process(session, n - t < piece ? n - t : piece, &rows);
	}
}

void feed(struct hla_session *session, const struct setting *s, const struct inputs *in, int piece, bool output)
{
	const struct hla_rows rows = {.q = inside(&in->q), .k = inside(&in->k), .v = inside(&in->v),
		.o = output ? inside(&in->o) : NULL, .gate = s->gated ? inside(&in->gate) : NULL, .double_input = in->q.element == sizeof(double),
		.double_output = in->o.element == sizeof(double)};
	feed_rows(session, s->n, &rows, piece);
}

void whole_matrix(const struct hla_session *session, int head, int m, double *values)
{
	session->kernels->get_matrix(session, head, m, values);
	for (int i = 0; i < hla_matrix_rows(session, m) * hla_matrix_columns(session, m); i++)
		values[i] *= hla_put_off(session, head, m);
}
