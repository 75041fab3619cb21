/* Every program, precision and instruction set against plain recurrences, over odd sizes and with guard bands. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../main/c/hla_session.h"
#include "operators.h"

struct setting {
	enum operator operator;
	enum hla_precision precision;
	enum hla_isa isa;
	enum hla_feature_map map;
	int n, d, dv, heads, kv_heads;
	bool normalize, decays, integers;
	double ridge, scale;
};

static const double decays[] = {0.9, 1.0, 0.99, 1e-6, 0.5, 0.999};
static const char *const precision_names[] = {"float32", "mixed", "float64"};
static int failures, checks;
static unsigned long long seed;

static double uniform(void)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(seed >> 11) / (double)(1ULL << 53);
}

/* Values that float holds, so that all precisions see the same input. */
static double draw(bool integer)
{
	return integer ? floor(uniform() * 5) - 2 : (double)(float)(uniform() * 2 - 1);
}

enum { GUARD = 64 };

/* An array of elements with a guard band of NaN on both sides. */
struct guarded {
	size_t count, element;
	char *memory;
};

static void poison(char *at, size_t count, size_t element)
{
	for (size_t i = 0; i < count; i++)
		if (element == sizeof(float))
			((float *)at)[i] = NAN;
		else
			((double *)at)[i] = NAN;
}

static struct guarded guarded(size_t count, size_t element)
{
	/* Aligned, so that rows of whole vectors are taken in place; others are packed. */
	struct guarded g = {count, element, aligned_alloc(64, ((count + 2 * GUARD) * element + 63) / 64 * 64)};
	if (!g.memory)
		abort();
	poison(g.memory, count + 2 * GUARD, element);
	return g;
}

static void *inside(const struct guarded *g) { return g->memory + GUARD * g->element; }

static double element_at(const void *array, size_t element, size_t i)
{
	return element == sizeof(float) ? (double)((const float *)array)[i] : ((const double *)array)[i];
}

static void put(const struct guarded *g, size_t i, double value)
{
	if (g->element == sizeof(float))
		((float *)inside(g))[i] = (float)value;
	else
		((double *)inside(g))[i] = value;
}

static bool guards_hold(const struct guarded *g)
{
	for (size_t i = 0; i < GUARD; i++)
		if (!isnan(element_at(g->memory, g->element, i))
				|| !isnan(element_at(g->memory, g->element, GUARD + g->count + i)))
			return false;
	return true;
}

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

static void complain(const struct setting *s, const char *what, double error, double bound)
{
	failures++;
	printf("FAIL %s %s %s n=%d d=%d dv=%d heads=%d/%d%s%s%s map=%d ridge=%g: %s off by %.3g, allowed %.3g\n",
			operator_names[s->operator], precision_names[s->precision], hla_isa_name(s->isa), s->n, s->d, s->dv,
			s->heads, s->kv_heads, s->normalize ? " normalize" : "", s->decays ? " decay" : "",
			s->integers ? " integers" : "", (int)s->map, s->ridge, what, error, bound);
}

static double allowed(const struct setting *s)
{
	const bool published = s->operator == HLA2_PUBLISHED || s->operator == HLA3_PUBLISHED;
	if (s->precision != HLA_FLOAT64)
		return 1e-5;
	/* A denominator of the published forms is the difference of nearly equal sums. */
	return s->integers ? 0 : published && s->normalize ? 1e-10 : 1e-12;
}

static void compare(const struct setting *s, const char *what, const void *got, size_t element, size_t stride,
		const long double *expected, size_t expected_stride, int rows, int columns, long double floor_scale, double bound)
{
	long double worst = 0, largest = floor_scale;
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

struct inputs {
	struct guarded q, k, v, o;
};

static struct hla_session *open_session(const struct setting *s, bool summary)
{
	double decay[8];
	for (int h = 0; h < s->heads; h++)
		decay[h] = s->decays ? decays[h % 6] : 1;
	struct hla_settings settings = {.program = program_of(s->operator, summary, s->ridge), .d = s->d, .dv = s->dv,
		.heads = s->heads, .kv_heads = s->kv_heads, .precision = s->precision, .cap = s->isa, .feature_map = s->map,
		.normalize = s->normalize, .scale = s->scale, .epsilon = 1e-6, .decay = decay};
	struct hla_session *session;
	const char *problem;
	if (hla_create(&session, &settings, &problem) != HLA_OK) {
		printf("cannot create a session: %s\n", problem ? problem : "out of memory");
		exit(1);
	}
	return session;
}

/* Feeds the stream in calls of `piece` tokens. */
static void feed(struct hla_session *session, const struct setting *s, const struct inputs *in, int piece, bool output)
{
	const size_t e = in->q.element;
	for (int t = 0; t < s->n; t += piece) {
		const int n = s->n - t < piece ? s->n - t : piece;
		const size_t at = (size_t)t * e;
		session->kernels->process(session, n, (char *)inside(&in->q) + at * (size_t)(s->heads * s->d),
				(char *)inside(&in->k) + at * (size_t)(s->kv_heads * s->d),
				(char *)inside(&in->v) + at * (size_t)(s->kv_heads * s->dv),
				output ? (char *)inside(&in->o) + at * (size_t)(s->heads * s->dv) : NULL);
	}
}

static void check_head(const struct setting *s, const struct inputs *in, int head, struct hla_session *summary)
{
	const int n = s->n, d = s->d, dv = s->dv, wide = dv + s->normalize, kv = head / (s->heads / s->kv_heads);
	const size_t e = in->q.element;
	long double *q = malloc(sizeof *q * (size_t)(n * d)), *k = malloc(sizeof *k * (size_t)(n * d));
	long double *v = malloc(sizeof *v * (size_t)(n * wide)), *o = malloc(sizeof *o * (size_t)(n * wide));
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
	}
	struct moments moments;
	const struct stream stream = {n, d, wide, q, k, v, s->decays ? decays[head % 6] : 1, s->ridge};
	recur(s->operator, &stream, o, &moments);
	long double scale = 0;
	for (int t = 0; s->normalize && t < n; t++)
		for (int j = 0; j < dv; j++)
			o[t * wide + j] /= o[t * wide + dv] + 1e-6L;
	compare(s, "output", (char *)inside(&in->o) + (size_t)(head * dv) * e, e, (size_t)(s->heads * dv), o, (size_t)wide, n,
			dv, scale, allowed(s));
	for (int m = 0; m < moments.count; m++) {
		double *values = malloc(sizeof *values * (size_t)(moments.rows[m] * moments.columns[m]));
		summary->kernels->get_matrix(summary, head, m, values);
		/* With normalize the moments are as wide as v, whose last column is the column of ones. */
		compare(s, "summary", values, sizeof(double), (size_t)moments.columns[m], moments.values[m],
				(size_t)moments.columns[m], moments.rows[m], moments.columns[m],
				e == sizeof(float) ? 1e-30L : 0, allowed(s));
		free(values);
		free(moments.values[m]);
	}
	free(q);
	free(k);
	free(v);
	free(o);
}

/* A stream cut at `cut`, the state carried over through doubles, gives what the uncut stream gives. */
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
	struct inputs rest = *in;
	rest.q.memory += (size_t)(cut * s->heads * s->d) * e;
	rest.k.memory += (size_t)(cut * s->kv_heads * s->d) * e;
	rest.v.memory += (size_t)(cut * s->kv_heads * s->dv) * e;
	rest.o.memory += (size_t)(cut * s->heads * s->dv) * e;
	part.n = s->n - cut;
	feed(second, &part, &rest, HLA_BATCH, true);
	long double *expected = malloc(sizeof *expected * in->o.count);
	for (size_t i = 0; i < in->o.count; i++)
		expected[i] = element_at(whole, e, i);
	/* Both may be off by what is allowed. */
	compare(s, "stream cut in two", inside(&in->o), e, (size_t)(s->heads * s->dv), expected, (size_t)(s->heads * s->dv),
			s->n, s->heads * s->dv, 0, 2 * allowed(s));
	free(expected);
	free(whole);
	hla_destroy(first);
	hla_destroy(second);
}

static void check(struct setting s)
{
	seed = (unsigned long long)(s.n * 31 + s.d * 7 + s.dv);
	const size_t e = s.precision == HLA_FLOAT64 ? sizeof(double) : sizeof(float);
	struct inputs in = {guarded((size_t)(s.n * s.heads * s.d), e), guarded((size_t)(s.n * s.kv_heads * s.d), e),
		guarded((size_t)(s.n * s.kv_heads * s.dv), e), guarded((size_t)(s.n * s.heads * s.dv), e)};
	struct guarded *const all[] = {&in.q, &in.k, &in.v, &in.o};
	for (int a = 0; a < 3; a++)
		for (size_t i = 0; i < all[a]->count; i++)
			put(all[a], i, draw(s.integers));
	struct hla_session *session = open_session(&s, false), *summary = open_session(&s, true);
	feed(session, &s, &in, s.n, true);
	feed(summary, &s, &in, s.n, false);
	for (int h = 0; h < s.heads; h++)
		check_head(&s, &in, h, summary);

	/* The same bits when the stream comes in calls of a batch. */
	char *whole = malloc(in.o.count * e);
	memcpy(whole, inside(&in.o), in.o.count * e);
	poison(inside(&in.o), in.o.count, e);
	struct hla_session *again = open_session(&s, false);
	feed(again, &s, &in, HLA_BATCH, true);
	checks++;
	if (memcmp(whole, inside(&in.o), in.o.count * e))
		complain(&s, "bits of a stream in calls of a batch", 1, 0);
	hla_destroy(again);
	free(whole);

	check_cut(&s, &in, s.n / 3);
	for (int a = 0; a < 4; a++) {
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
}

/* One session over n tokens of a single head of d = dv, outputs into o. */
static void run(const struct setting *s, const double *q, const double *k, const double *v, double *o)
{
	const size_t e = s->precision == HLA_FLOAT64 ? sizeof(double) : sizeof(float);
	const size_t count = (size_t)(s->n * s->d);
	struct inputs in = {guarded(count, e), guarded(count, e), guarded(count, e), guarded(count, e)};
	for (size_t i = 0; i < count; i++) {
		put(&in.q, i, q[i]);
		put(&in.k, i, k[i]);
		put(&in.v, i, v[i]);
	}
	struct hla_session *session = open_session(s, false);
	feed(session, s, &in, s->n, true);
	for (size_t i = 0; i < count; i++)
		o[i] = element_at(inside(&in.o), e, i);
	hla_destroy(session);
	free(in.q.memory);
	free(in.k.memory);
	free(in.v.memory);
	free(in.o.memory);
}

/* What is not a number shows in the output of its own token, and leaves earlier ones of the same block alone. */
static void check_not_a_number(struct setting s)
{
	enum { N = 24, D = 17, AT = 11 };
	double q[N * D], k[N * D], v[N * D], clean[N * D], dirty[N * D];
	double *const all[] = {q, k, v};
	s.n = N;
	s.d = s.dv = D;
	for (int i = 0; i < 3 * N * D; i++)
		all[i / (N * D)][i % (N * D)] = draw(false);
	run(&s, q, k, v, clean);
	for (int a = 0; a < 3; a++) {
		const double before = all[a][AT * D + 5];
		all[a][AT * D + 5] = NAN;
		run(&s, q, k, v, dirty);
		all[a][AT * D + 5] = before;
		checks++;
		if (memcmp(clean, dirty, AT * D * sizeof *clean) || !isnan(dirty[AT * D + 5]))
			complain(&s, "not a number", AT, 0);
	}
}

/* elu1 alone: with q = 0 and v = 1 the output of a first token is elu1(k). */
static void check_elu1(struct setting s)
{
	s.operator = LINEAR;
	s.map = HLA_ELU1;
	s.n = s.d = s.dv = 1;
	for (double x = 2; x > -120; x -= 0.037) {
		const double zero = 0, one = 1, k = (float)x;
		double got;
		run(&s, &zero, &k, &one, &got);
		const long double expected = k > 0 ? k + 1.0L : expl(k);
		compare(&s, "elu1", &got, sizeof got, 1, &expected, 1, 1, 1, s.precision == HLA_FLOAT64 ? 0 : 1e-30L,
				s.precision == HLA_FLOAT64 ? 4 * DBL_EPSILON : 4 * FLT_EPSILON);
	}
}

/* The mixed precision does not drift: float would be off by 1e-4 here, for its sums grow with the stream. */
static void check_long_stream(enum hla_isa isa)
{
	enum { D = 8, CALL = 1024, CALLS = 400 };
	struct setting mixed = {.operator = HLA2, .precision = HLA_MIXED_PRECISION, .isa = isa, .n = CALL, .d = D, .dv = D,
		.heads = 1, .kv_heads = 1, .scale = 1}, exact = mixed;
	exact.precision = HLA_FLOAT64;
	struct hla_session *ours = open_session(&mixed, false), *theirs = open_session(&exact, false);
	float in[3][CALL * D], out[CALL * D];
	double wide[3][CALL * D], expected[CALL * D];
	for (int call = 0; call < CALLS; call++) {
		for (int i = 0; i < 3 * CALL * D; i++)
			in[i / (CALL * D)][i % (CALL * D)] = (float)(wide[i / (CALL * D)][i % (CALL * D)] = draw(false));
		ours->kernels->process(ours, CALL, in[0], in[1], in[2], out);
		theirs->kernels->process(theirs, CALL, wide[0], wide[1], wide[2], expected);
	}
	long double reference[CALL * D];
	for (int i = 0; i < CALL * D; i++)
		reference[i] = expected[i];
	mixed.n = CALL * CALLS;
	compare(&mixed, "end of a long stream", out, sizeof *out, D, reference, D, CALL, D, 0, 3e-6);
	hla_destroy(ours);
	hla_destroy(theirs);
}

/* Folds keep the digits that float does not have: tokens of zeros change no state, however many. */
static void check_digits_kept(enum hla_isa isa)
{
	enum { D = 8, N = 3 * HLA_SPAN };
	static const float zeros[N * D];
	static float out[N * D];
	const struct setting s = {.operator = HLA2, .precision = HLA_MIXED_PRECISION, .isa = isa, .n = N, .d = D, .dv = D,
		.heads = 1, .kv_heads = 1, .scale = 1};
	struct hla_session *session = open_session(&s, false);
	double before[D * D], after[D * D];
	for (int i = 0; i < D * D; i++)
		before[i] = 1.0 / 3;
	for (int m = 0; m < 2; m++)
		session->kernels->set_matrix(session, 0, m, before);
	session->kernels->process(session, N, zeros, zeros, zeros, out);
	for (int m = 0; m < 2; m++) {
		session->kernels->get_matrix(session, 0, m, after);
		checks++;
		if (memcmp(before, after, sizeof before))
			complain(&s, "digits of the state", fabs(after[0] - before[0]), 0);
	}
	hla_destroy(session);
}

int main(int argc, char **argv)
{
	/* One setting in so many: all of them take a minute, under valgrind an hour. */
	const int every = argc > 1 ? atoi(argv[1]) : 1;
	/* d x dv: one, below a vector, whole tiles, a vector more, odd ends of every tile. */
	static const int sizes[][2] = {{1, 1}, {3, 5}, {16, 16}, {17, 33}, {64, 64}, {40, 7}, {100, 60}, {5, 72}};
	/* Below a block, a block, one more, past a batch, past the span of the mixed precision. */
	static const int lengths[] = {1, 7, 8, 9, 71, 600};
	for (int isa = 0; isa < HLA_ISA_COUNT; isa++)
		if (isa == (int)hla_best_isa(isa)) {
			check_digits_kept(isa);
			check_long_stream(isa);
		}
	for (int isa = 0; isa < HLA_ISA_COUNT; isa++)
		for (int precision = 0; precision < HLA_PRECISION_COUNT; precision++) {
			struct setting s = {.precision = precision, .isa = isa, .heads = 1, .kv_heads = 1, .scale = 1};
			if (s.isa != hla_best_isa(s.isa))
				continue;
			check_elu1(s);
			for (int operator = 0; operator < OPERATOR_COUNT; operator++) {
				s.operator = operator;
				check_not_a_number(s);
				for (int i = 0; i < 8; i++)
					for (int j = 0; j < 6; j++)
						if ((j < 5 || i == 3) && (i + j + operator) % every == 0)
							check_options(s, lengths[j], sizes[i][0], sizes[i][1]);
			}
		}
	printf("%d checks, %d failures\n", checks, failures);
	return failures != 0;
}
