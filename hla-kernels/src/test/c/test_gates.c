/* Gates that do what a constant decay does, against that decay. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/*
 * Runs the stream with one gate for all tokens of a head: 1 beside the decay of the setting, or that decay with none beside
 * it. The same bits are due where decay is not put off in the session without gates either, for factors that are the same.
 */
static void check_constant_gates(const struct setting *s, const struct inputs *in, bool ones)
{
	struct setting gated = *s;
	gated.gated = true;
	gated.decays = s->decays && ones;
	struct inputs with = *in;
	with.gate = guarded((size_t)(s->n * s->heads), sizeof(double));
	with.o = guarded(in->o.count, in->o.element);
	for (int i = 0; i < s->n * s->heads; i++)
		put(&with.gate, (size_t)i, ones ? 1 : decay_of(s, i % s->heads));
	struct hla_session *session = open_session(&gated, false);
	feed(session, &gated, &with, s->n, true);
	long double *expected = malloc(sizeof *expected * in->o.count);
	for (size_t i = 0; i < in->o.count; i++)
		expected[i] = element_at(inside(&in->o), in->o.element, i);
	const size_t width = (size_t)(s->heads * s->dv);
	for (int h = 0; h < s->heads; h++) {
		const double decay = decay_of(s, h);
		const bool at_each = s->precision == HLA_FLOAT64 && pow(decay, session->kernels->tokens) < 0x1p-16;
		const size_t first = (size_t)(h * s->dv);
		compare(&gated, ones ? "gates of ones" : "gates for decay", (char *)inside(&with.o) + first * with.o.element,
				with.o.element, width, expected + first, width, s->n, s->dv, 0,
				!s->decays || decay == 1 || at_each ? 0 : 2 * allowed(s));
	}
	checks++;
	if (!guards_hold(&with.o))
		complain(&gated, "guard band of outputs with gates", 1, 0);
	free(expected);
	free(with.gate.memory);
	free(with.o.memory);
	hla_destroy(session);
}

void check_gates(const struct setting *s, const struct inputs *in)
{
	check_constant_gates(s, in, true);
	check_constant_gates(s, in, false);
}

void check_products(const struct setting *s, const struct inputs *in, const struct hla_session *session)
{
	for (int h = 0; h < s->heads; h++) {
		long double product = 1;
		for (int t = 0; t < s->n; t++)
			product *= decay_of(s, h) * (s->gated ? element_at(inside(&in->gate), sizeof(double), (size_t)(t * s->heads + h)) : 1);
		const double got = hla_product(session, h);
		checks++;
		if (!(fabsl(got - product) <= 1e-12L * product + DBL_MIN) || (got != 0 && got < DBL_MIN))
			complain(s, "product of the decays", (double)fabsl(got - product), 1e-12);
	}
}
