/* Rows of floats in and out of float64: what doubles of the same values give, outputs rounded once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* The same values as floats, with no more memory behind them than kernels may read, and that not a number. */
static struct guarded as_floats(const struct guarded *from)
{
	const size_t bytes = from->count * sizeof(float) + HLA_OVERHANG;
	struct guarded to = {from->count, sizeof(float), malloc(bytes)};
	memset(to.memory, 0xff, bytes);
	for (size_t i = 0; i < from->count; i++)
		((float *)to.memory)[i] = (float)((const double *)inside(from))[i];
	return to;
}

enum { WIDTH = 203, BEHIND = HLA_OVERHANG / sizeof(float) };

/* With q = k = 1 what goes in as v comes out, rounded to float or from floats. */
static void check_values(const struct setting *s, const double *v)
{
	const double one[1 + BEHIND] = {1};
	const float one_float[1 + BEHIND] = {1};
	double out[WIDTH];
	float v_floats[WIDTH + BEHIND] = {0}, out_floats[WIDTH];
	for (int i = 0; i < WIDTH; i++)
		v_floats[i] = (float)v[i];
	struct hla_session *first = open_session(s, false), *second = open_session(s, false);
	first->kernels->process(first, 1, &(struct hla_rows){.q = one, .k = one, .v = v, .o = out_floats, .double_input = true});
	second->kernels->process(second, 1, &(struct hla_rows){.q = one_float, .k = one_float, .v = v_floats, .o = out,
			.double_output = true});
	for (int i = 0; i < WIDTH; i++) {
		checks++;
		if (out_floats[i] != v_floats[i] || out[i] != v_floats[i])
			complain(s, "denormal floats", fabs(out_floats[i] - v_floats[i]) + fabs(out[i] - v_floats[i]), 0);
	}
	hla_destroy(first);
	hla_destroy(second);
}

/* Values around the least normal float, where floats have fewer digits or none: a row of them, and one among others. */
void check_denormal_rows(struct setting s)
{
	double v[WIDTH + BEHIND] = {0x1p-150, -0x1.8p-149, 0x1.ffffffp-127, 0x1p-126};
	s.operator = LINEAR;
	s.n = s.d = 1;
	s.dv = WIDTH;
	for (int i = 4; i < WIDTH; i++)
		v[i] = ldexp(draw(false), -119 - i % 35);
	check_values(&s, v);
	for (int i = 0; i < WIDTH; i++)
		v[i] = i % 3;
	for (int at = WIDTH - 40; at < WIDTH; at++) {
		v[at] = -0x1.8p-140;
		check_values(&s, v);
		v[at] = at % 3;
	}
}

static void check_types(const struct setting *s, const struct inputs *in, struct hla_rows rows, struct guarded *o, int piece)
{
	rows.o = inside(o);
	rows.gate = s->gated ? inside(&in->gate) : NULL;
	rows.double_output = o->element == sizeof(double);
	poison(rows.o, o->count, o->element);
	struct hla_session *session = open_session(s, false);
	feed_rows(session, s->n, &rows, piece);
	const double *expected = inside(&in->o);
	double worst = 0;
	for (size_t i = 0; i < o->count; i++) {
		const double gap = fabs(element_at(rows.o, o->element, i) - (rows.double_output ? expected[i] : (float)expected[i]));
		if (!(gap <= worst))
			worst = isnan(gap) ? INFINITY : gap;
	}
	checks++;
	if (worst != 0)
		complain(s, !rows.double_output ? rows.double_input ? "doubles in, floats out" : "floats" : "floats in, doubles out",
				worst, 0);
	checks++;
	if (!guards_hold(o))
		complain(s, "guard band of rows of another type", 1, 0);
	hla_destroy(session);
}

void check_rows(const struct setting *s, const struct inputs *in)
{
	struct guarded q = as_floats(&in->q), k = as_floats(&in->k), v = as_floats(&in->v);
	struct guarded doubles = guarded(in->o.count, sizeof(double)), floats = guarded(in->o.count, sizeof(float));
	const struct hla_rows narrow = {.q = q.memory, .k = k.memory, .v = v.memory};
	const struct hla_rows wide = {.q = inside(&in->q), .k = inside(&in->k), .v = inside(&in->v), .double_input = true};
	check_types(s, in, narrow, &floats, s->n);
	check_types(s, in, narrow, &floats, 7);
	check_types(s, in, narrow, &doubles, s->n);
	check_types(s, in, wide, &floats, s->n);
	free(q.memory);
	free(k.memory);
	free(v.memory);
	free(doubles.memory);
	free(floats.memory);
}
