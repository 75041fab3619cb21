/* Programs at the limits of their size, and those that are refused. */
#include <stdlib.h>

#include "support.h"

/* All matrices are of k and v, with every power in turn; each is read and weighted, and the last ones are the output. */
static struct hla_program largest_program(void)
{
	struct hla_program p = {HLA_MAX_MATRICES, HLA_MAX_DERIVED, HLA_MAX_TERMS, .matrix = {{0}}};
	for (int i = 0; i < HLA_MAX_MATRICES; i++) {
		p.matrix[i].y = HLA_KEY;
		p.matrix[i].z = HLA_VALUE;
		p.matrix[i].decay = i % (HLA_MAX_POWER + 1);
	}
	for (int i = 0; i < HLA_MAX_DERIVED; i++) {
		const bool weighs = i % 2;
		p.derived[i].x = weighs ? HLA_FIRST_DERIVED + i - 1 : HLA_QUERY;
		p.derived[i].matrix = weighs ? HLA_WEIGHTED : HLA_MAX_MATRICES - HLA_MAX_DERIVED / 2 + i / 2;
		p.derived[i].power = weighs ? 1 + i % HLA_MAX_POWER : 0;
	}
	for (int i = 0; i < HLA_MAX_TERMS; i++) {
		p.term[i].signal = HLA_FIRST_DERIVED + HLA_MAX_DERIVED - HLA_MAX_TERMS + i;
		p.term[i].coefficient = i + 1;
	}
	return p;
}

/* All of it with d = dv = 1, where matrices and signals are numbers. */
static void check_largest(const struct setting *s)
{
	enum { N = 100, BEHIND = HLA_OVERHANG / sizeof(float) };
	float q[N + BEHIND], k[N + BEHIND], v[N + BEHIND], o[N];
	double gate[N];
	long double expected[N], m[HLA_MAX_MATRICES] = {0}, signal[HLA_MAX_SIGNALS], product = 1;
	const struct hla_program p = largest_program();
	struct hla_settings settings = {.program = p, .d = 1, .dv = 1, .heads = 1, .kv_heads = 1, .precision = s->precision,
		.cap = s->isa, .scale = 1, .gated = true, .decay = &(double){0.999}};
	struct hla_session *session;
	const char *problem;
	checks++;
	if (hla_create(&session, &settings, &problem) != HLA_OK) {
		complain(s, problem, 1, 0);
		return;
	}
	for (int t = 0; t < N; t++) {
		q[t] = (float)draw(false);
		k[t] = (float)draw(false);
		v[t] = (float)draw(false);
		gate[t] = draw_gate(false);
		product *= gate[t] * 0.999L;
		for (int i = 0; i < HLA_MAX_MATRICES; i++) {
			for (int e = 0; e < p.matrix[i].decay; e++)
				m[i] *= gate[t] * 0.999L;
			m[i] += (long double)k[t] * v[t];
		}
		expected[t] = 0;
		for (int i = 0; i < HLA_MAX_DERIVED; i++) {
			const bool weighs = p.derived[i].matrix == HLA_WEIGHTED;
			long double *to = &signal[HLA_FIRST_DERIVED + i];
			*to = weighs ? to[-1] : q[t] * m[p.derived[i].matrix];
			for (int e = 0; e < p.derived[i].power; e++)
				*to *= product;
		}
		for (int i = 0; i < HLA_MAX_TERMS; i++)
			expected[t] += p.term[i].coefficient * signal[p.term[i].signal];
	}
	session->kernels->process(session, N, &(struct hla_rows){.q = q, .k = k, .v = v, .o = o, .gate = gate});
	compare(s, "largest program", o, sizeof *o, 1, expected, 1, N, 1, 0, 1e-5);
	hla_destroy(session);
}

static void expect_refusal(const struct setting *s, const char *what, struct hla_program program)
{
	struct hla_plan *plan = malloc(sizeof *plan);
	checks++;
	if (!hla_plan_program(plan, &program, 1, 1, false, false))
		complain(s, what, 1, 0);
	free(plan);
}

static void check_refusals(const struct setting *s)
{
	struct hla_program p = largest_program();
	p.matrix_count++;
	expect_refusal(s, "too many matrices not refused", p);
	p = largest_program();
	p.derived_count++;
	expect_refusal(s, "too many derived signals not refused", p);
	p = largest_program();
	p.term_count++;
	expect_refusal(s, "too many terms not refused", p);
	p = largest_program();
	p.matrix[3].decay = HLA_MAX_POWER + 1;
	expect_refusal(s, "too high a power of decay not refused", p);
	const int powers[] = {-1, 0, HLA_MAX_POWER + 1};
	for (int i = 0; i < 3; i++) {
		p = largest_program();
		p.derived[1].power = powers[i];
		expect_refusal(s, "power of weights not refused", p);
	}
	p = largest_program();
	p.derived[0].power = 1;
	expect_refusal(s, "power of a read not refused", p);
	p = largest_program();
	p.derived[1].x = HLA_FIRST_DERIVED + 1;
	expect_refusal(s, "weights of a later signal not refused", p);
	p = largest_program();
	p.derived[0].matrix = HLA_WEIGHTED - 1;
	expect_refusal(s, "read of no matrix not refused", p);
}

void check_programs(const struct setting *s)
{
	check_largest(s);
	check_refusals(s);
}
