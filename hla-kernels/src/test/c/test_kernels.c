/* Every program, precision and instruction set against plain recurrences, over odd sizes and with guard bands. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

static void map_row(long double *row, int width, enum hla_feature_map map)
{
	long double norm = 0;
	for (int i = 0; i < width; i++)
		norm += row[i] * row[i];
	norm = norm == 0 ? 1 : sqrtl(norm);
	for (int i = 0; i < width; i++)
		row[i] = map == HLA_RELU ? (row[i] < 0 ? 0 : row[i])
			: map == HLA_ELU1 ? (row[i] > 0 ? row[i] + 1 : expl(row[i]))
			: map == HLA_L2 ? row[i] / norm : row[i];
}

static void check_head(const struct setting *s, const struct inputs *in, int head, struct hla_session *summary)
{
	const int n = s->n, d = s->d, dv = s->dv, wide = dv + s->normalize, kv = head / (s->heads / s->kv_heads);
	const size_t e = in->q.element;
	long double *q = malloc(sizeof *q * (size_t)(n * d)), *k = malloc(sizeof *k * (size_t)(n * d));
	long double *v = malloc(sizeof *v * (size_t)(n * wide)), *o = malloc(sizeof *o * (size_t)(n * wide));
	long double *gate = malloc(sizeof *gate * (size_t)n);
	for (int t = 0; t < n; t++) {
		for (int i = 0; i < d; i++) {
			q[t * d + i] = s->scale * element_at(inside(&in->q), e, (size_t)((t * s->heads + head) * d + i));
			k[t * d + i] = element_at(inside(&in->k), e, (size_t)((t * s->kv_heads + kv) * d + i));
		}
		map_row(q + t * d, d, s->map);
		map_row(k + t * d, d, s->map);
		for (int j = 0; j < dv; j++)
			v[t * wide + j] = element_at(inside(&in->v), e, (size_t)((t * s->kv_heads + kv) * dv + j));
		if (s->normalize)
			v[t * wide + dv] = 1;
		gate[t] = s->gated ? element_at(inside(&in->gate), sizeof(double), (size_t)(t * s->heads + head)) : 1;
	}
	struct moments moments;
	const struct stream stream = {n, d, wide, q, k, v, gate, decay_of(s, head), s->ridge};
	recur(s->operator, &stream, o, &moments);
	for (int t = 0; s->normalize && t < n; t++)
		for (int j = 0; j < dv; j++)
			o[t * wide + j] /= o[t * wide + dv] + 1e-6L;
	/* Weights become so small that nothing is left of them. */
	compare(s, "output", (char *)inside(&in->o) + (size_t)(head * dv) * e, e, (size_t)(s->heads * dv), o, (size_t)wide, n,
			dv, e == sizeof(float) ? 1e-30L : 1e-290L, allowed(s));
	for (int m = 0; m < moments.count; m++) {
		double *values = malloc(sizeof *values * (size_t)(moments.rows[m] * moments.columns[m]));
		whole_matrix(summary, head, m, values);
		/*
		 * With normalize the moments are as wide as v, whose last column is the column of ones. Sums of float products near
		 * one may cancel, and keep their error.
		 */
		compare(s, "summary", values, sizeof(double), (size_t)moments.columns[m], moments.values[m],
				(size_t)moments.columns[m], moments.rows[m], moments.columns[m],
				e == sizeof(float) ? 0.01L : 1e-290L, allowed(s));
		free(values);
		free(moments.values[m]);
	}
	free(q);
	free(k);
	free(v);
	free(o);
	free(gate);
}

/* All matrices of all heads of a session, one behind the other, and the products of decays; the caller frees them. */
static double *matrices_of(const struct hla_session *session, size_t *count)
{
	*count = (size_t)session->heads;
	for (int m = 0; m < session->plan.program.matrix_count; m++)
		*count += (size_t)(session->heads * hla_matrix_rows(session, m) * hla_matrix_columns(session, m));
	double *all = malloc(sizeof *all * *count), *to = all;
	for (int h = 0; h < session->heads; h++)
		for (int m = 0; m < session->plan.program.matrix_count; m++) {
			session->kernels->get_matrix(session, h, m, to);
			to += hla_matrix_rows(session, m) * hla_matrix_columns(session, m);
		}
	for (int h = 0; h < session->heads; h++)
		*to++ = hla_product(session, h);
	return all;
}

/* The same bits of outputs and matrices in calls of `piece` tokens as in one call. */
static void check_pieces(const struct setting *s, const struct inputs *in, struct hla_session *whole, bool summary, int piece)
{
	const size_t bytes = in->o.count * in->o.element;
	void *expected = malloc(bytes);
	memcpy(expected, inside(&in->o), bytes);
	if (!summary)
		poison(inside(&in->o), in->o.count, in->o.element);
	struct hla_session *cut = open_session(s, summary);
	feed(cut, s, in, piece, !summary);
	size_t count;
	double *theirs = matrices_of(whole, &count), *ours = matrices_of(cut, &count);
	checks++;
	if (memcmp(expected, inside(&in->o), bytes) || memcmp(theirs, ours, count * sizeof *ours))
		complain(s, summary ? "bits of a summary in pieces" : "bits in pieces", piece, 0);
	memcpy(inside(&in->o), expected, bytes);
	free(expected);
	free(theirs);
	free(ours);
	hla_destroy(cut);
}

/* The part of the inputs from a token on. */
static struct inputs inputs_from(const struct setting *s, const struct inputs *in, int token)
{
	const size_t e = in->q.element;
	struct inputs rest = *in;
	rest.q.memory += (size_t)(token * s->heads * s->d) * e;
	rest.k.memory += (size_t)(token * s->kv_heads * s->d) * e;
	rest.v.memory += (size_t)(token * s->kv_heads * s->dv) * e;
	rest.o.memory += (size_t)(token * s->heads * s->dv) * e;
	rest.gate.memory += (size_t)(token * s->heads) * sizeof(double);
	return rest;
}

/*
 * A stream cut at `cut`, the state carried over through doubles, gives what the uncut stream gives: to the bit but in the
 * mixed precision, whose states are rounded at set places: there within what is allowed for both.
 */
static void check_cut(const struct setting *s, const struct inputs *in, int cut)
{
	const size_t e = in->q.element, bytes = in->o.count * e;
	char *whole = malloc(bytes);
	memcpy(whole, inside(&in->o), bytes);
	poison(inside(&in->o), in->o.count, e);
	struct setting part = *s;
	part.n = cut;
	struct hla_session *first = open_session(&part, false), *second = open_session(&part, false);
	feed(first, &part, in, HLA_BATCH, true);
	for (int h = 0; h < s->heads; h++)
		for (int m = 0; m < first->plan.program.matrix_count; m++) {
			double *values = malloc(sizeof(double) * (size_t)(hla_matrix_rows(first, m) * hla_matrix_columns(first, m)));
			first->kernels->get_matrix(first, h, m, values);
			second->kernels->set_matrix(second, h, m, values);
			free(values);
		}
	checks++;
	if (!hla_resume(second, hla_tokens_of_batch(first)) && s->precision != HLA_MIXED_PRECISION)
		complain(s, "resume", hla_tokens_of_batch(first), second->kernels->tokens);
	const struct inputs rest = inputs_from(s, in, cut);
	part.n = s->n - cut;
	feed(second, &part, &rest, HLA_BATCH, true);
	long double *expected = malloc(sizeof *expected * in->o.count);
	for (size_t i = 0; i < in->o.count; i++)
		expected[i] = element_at(whole, e, i);
	const bool exact = s->precision != HLA_MIXED_PRECISION;
	compare(s, "stream cut in two", inside(&in->o), e, (size_t)(s->heads * s->dv), expected, (size_t)(s->heads * s->dv),
			s->n, s->heads * s->dv, 0, exact ? 0 : 2 * allowed(s));
	memcpy(inside(&in->o), whole, bytes);
	free(expected);
	free(whole);
	hla_destroy(first);
	hla_destroy(second);
}

static void check(struct setting s)
{
	start_numbers((unsigned long long)(s.n * 31 + s.d * 7 + s.dv));
	const size_t e = s.precision == HLA_FLOAT64 ? sizeof(double) : sizeof(float);
	struct inputs in = {guarded((size_t)(s.n * s.heads * s.d), e), guarded((size_t)(s.n * s.kv_heads * s.d), e),
		guarded((size_t)(s.n * s.kv_heads * s.dv), e), guarded((size_t)(s.n * s.heads * s.dv), e),
		guarded((size_t)(s.n * s.heads), sizeof(double))};
	struct guarded *const all[] = {&in.q, &in.k, &in.v, &in.o, &in.gate};
	/* The output of a single token is a product of dot products: where these cancel, it has lost the digits asked for. */
	const bool one_sided = s.n == 1 && !s.integers;
	for (int a = 0; a < 3; a++)
		for (size_t i = 0; i < all[a]->count; i++)
			put(all[a], i, one_sided ? fabs(draw(s.integers)) : draw(s.integers));
	for (size_t i = 0; i < in.gate.count; i++)
		put(&in.gate, i, draw_gate(s.integers));
	struct hla_session *session = open_session(&s, false), *summary = open_session(&s, true);
	feed(session, &s, &in, s.n, true);
	feed(summary, &s, &in, s.n, false);
	for (int h = 0; h < s.heads; h++)
		check_head(&s, &in, h, summary);

	if (s.precision == HLA_FLOAT64)
		check_rows(&s, &in);
	if (!s.gated)
		check_gates(&s, &in);

	/* A token at a time, pieces that end anywhere in a batch, one that ends with it, one that ends behind it. */
	static const int pieces[] = {1, 7, 31, HLA_BATCH, HLA_BATCH + 1};
	for (int i = 0; i < 5; i++) {
		check_pieces(&s, &in, session, false, pieces[i]);
		check_pieces(&s, &in, summary, true, pieces[i]);
	}
	check_products(&s, &in, session);
	/* The weights of a stream go on from its opening. */
	for (int i = 1; i < 4 && s.operator != WEIGHTED; i++)
		check_cut(&s, &in, s.n * i / 4);
	for (int a = 0; a < 5; a++) {
		checks++;
		if (!guards_hold(all[a]))
			complain(&s, "guard band", 1, 0);
		free(all[a]->memory);
	}
	hla_destroy(session);
	hla_destroy(summary);
}

/* All options that change a path, for one operator, precision, instruction set and size. */
static void check_options(struct setting s, int n, int d, int dv)
{
	const bool published = s.operator == HLA2_PUBLISHED || s.operator == HLA3_PUBLISHED;
	s.n = n;
	s.d = d;
	s.dv = dv;
	check(s);
	s.decays = true;
	s.heads = d < 40 ? 4 : 2;
	s.kv_heads = d < 40 ? 2 : 1;
	check(s);
	/* Float has too few digits for the denominators of the published forms. */
	s.normalize = s.precision == HLA_FLOAT64 || !published;
	s.map = HLA_ELU1;
	s.scale = 0.5;
	check(s);
	s.map = HLA_RELU;
	s.normalize = false;
	s.ridge = s.operator == HLA2 || s.operator == HLA2_NONE || s.operator == HLA2_PUBLISHED ? 0.25 : 0;
	check(s);
	s.decays = false;
	s.map = HLA_L2;
	check(s);
	s.map = HLA_IDENTITY;
	s.scale = 1;
	s.integers = n < 100;
	s.ridge = s.ridge != 0 ? 3 : 0;
	check(s);
	s.gated = true;
	check(s);
	s.decays = true;
	s.integers = false;
	check(s);
	s.normalize = !published;
	s.map = HLA_ELU1;
	check(s);
	s.normalize = s.gated = s.decays = false;
	s.map = HLA_IDENTITY;
	/* A whole team of heads that share what is of k and v alone, and the rest of the heads of their KV head. */
	if (d == 1)
		return;
	s.integers = false;
	s.ridge = 0;
	s.heads = d < 40 ? 2 * (HLA_TEAM + 2) : HLA_TEAM + 2;
	check(s);
	s.decays = s.one_decay = true;
	check(s);
}

int main(int argc, char **argv)
{
	/* One setting in so many: all of them take five minutes, under valgrind hours. */
	const int every = argc > 1 ? atoi(argv[1]) : 1;
	int turn = 0;
	/* d x dv: one, below a vector, whole tiles, a vector more, odd ends of every tile. */
	static const int sizes[][2] = {{1, 1}, {3, 5}, {16, 16}, {17, 33}, {64, 64}, {40, 7}, {100, 60}, {5, 72}};
	/* Below a block, a block, one more, past a batch, past the span of the mixed precision. */
	static const int lengths[] = {1, 7, 8, 9, 71, 600};
	for (int isa = 0; isa < HLA_ISA_COUNT; isa++) {
		if (isa == (int)hla_best_isa(isa))
			check_layers(isa, every > 1);
		for (int precision = 0; precision < HLA_PRECISION_COUNT; precision++) {
			struct setting s = {.precision = precision, .isa = isa, .heads = 1, .kv_heads = 1, .scale = 1};
			if (s.isa != hla_best_isa(s.isa))
				continue;
			check_edges(s);
			for (int operator = 0; operator < OPERATOR_COUNT; operator++) {
				s.operator = operator;
				for (int i = 0; i < 8; i++)
					for (int j = 0; j < 6; j++)
						if ((j < 5 || i == 3) && turn++ % every == 0)
							check_options(s, lengths[j], sizes[i][0], sizes[i][1]);
			}
		}
	}
	printf("%d checks, %d failures\n", checks, failures);
	return failures != 0;
}
