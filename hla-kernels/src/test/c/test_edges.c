/* What no grid of settings covers: values that are no numbers, the range of exp, digits and drift of the mixed sums. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"

/* Numbers that must be readable behind rows of floats. */
enum { BEHIND = HLA_OVERHANG / sizeof(float) };

/* One session over n tokens of a single head of d = dv, outputs into o. */
static void run(const struct setting *s, const double *q, const double *k, const double *v, double *o)
{
	const size_t e = s->precision == HLA_FLOAT64 ? sizeof(double) : sizeof(float);
	const size_t count = (size_t)(s->n * s->d);
	struct inputs in = {.q = guarded(count, e), .k = guarded(count, e), .v = guarded(count, e), .o = guarded(count, e)};
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

/* Outputs are rounded once behind their division, wherever in the range: a first token has k v / (k + epsilon) where q = 1. */
static void check_quotients(struct setting s)
{
	static const double divisors[] = {1, 3, -7, 0x1.fffffep0, 0x1.fffffffffffffp0, 0x1p-61, -0x1p61, 1e-30, 1e30, 0x1p-501, 0x1p501,
		0x1p1023, -1e300, 1e-280, 0, INFINITY, NAN};
	enum { COUNT = sizeof divisors / sizeof *divisors, EACH = 40 };
	s.operator = LINEAR;
	s.normalize = true;
	s.n = s.d = s.dv = 1;
	for (int i = 0; i < COUNT * EACH; i++) {
		const double q = 1, k = divisors[i / EACH], v = i % EACH == 0 ? 0 : i % EACH == 1 ? INFINITY : i % EACH == 2 ? NAN : draw(false);
		double got, expected = k * v / (k + 1e-6);
		if (s.precision != HLA_FLOAT64)
			expected = (float)k * (float)v / ((float)k + (float)1e-6);
		run(&s, &q, &k, &v, &got);
		checks++;
		if (isnan(expected) ? !isnan(got) : got != expected)
			complain(&s, "quotient", got, expected);
	}
}

/* The mixed precision does not drift: float would be off by 1e-4 here, for its sums grow with the stream. */
static void check_long_stream(struct setting mixed)
{
	enum { D = 8, CALL = 1024, CALLS = 400 };
	mixed.operator = HLA2;
	mixed.n = CALL;
	mixed.d = mixed.dv = D;
	struct setting exact = mixed;
	exact.precision = HLA_FLOAT64;
	struct hla_session *ours = open_session(&mixed, false), *theirs = open_session(&exact, false);
	float in[3][CALL * D + BEHIND] = {0}, out[CALL * D];
	double expected[CALL * D];
	for (int call = 0; call < CALLS; call++) {
		for (int i = 0; i < 3 * CALL * D; i++)
			in[i / (CALL * D)][i % (CALL * D)] = (float)draw(false);
		ours->kernels->process(ours, CALL, &(struct hla_rows){.q = in[0], .k = in[1], .v = in[2], .o = out});
		theirs->kernels->process(theirs, CALL, &(struct hla_rows){.q = in[0], .k = in[1], .v = in[2], .o = expected,
				.double_output = true});
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
static void check_digits_kept(struct setting s)
{
	enum { D = 8, N = 3 * HLA_SPAN };
	static const float zeros[N * D + BEHIND];
	static float out[N * D];
	s.operator = HLA2;
	s.n = N;
	s.d = s.dv = D;
	struct hla_session *session = open_session(&s, false);
	double before[D * D], after[D * D];
	for (int i = 0; i < D * D; i++)
		before[i] = 1.0 / 3;
	for (int m = 0; m < 2; m++)
		session->kernels->set_matrix(session, 0, m, before);
	session->kernels->process(session, N, &(struct hla_rows){.q = zeros, .k = zeros, .v = zeros, .o = out});
	for (int m = 0; m < 2; m++) {
		session->kernels->get_matrix(session, 0, m, after);
		checks++;
		if (memcmp(before, after, sizeof before))
			complain(&s, "digits of the state", fabs(after[0] - before[0]), 0);
	}
	hla_destroy(session);
}

/*
 * Small values: where products or the values themselves are denormal, what is left is right down to the smallest normal
 * number. q and k of ordinary size around a small v, and all of them small.
 */
static void check_small_values(struct setting s)
{
	enum { N = 40, D = 17 };
	const bool exact = s.precision == HLA_FLOAT64;
	const double factors[] = {1e-13, 1e-40, exact ? 1e-104 : 1e-13, exact ? 1e-310 : 1e-40};
	const long double smallest = exact ? DBL_MIN : FLT_MIN;
	static double q[N * D], k[N * D], v[N * D], o[N * D];
	static long double wide[3][N * D], expected[N * D];
	double *const all[] = {q, k, v};
	s.n = N;
	s.d = s.dv = D;
	for (int i = 0; i < 8; i++) {
		for (int a = 0; a < 3; a++)
			for (int j = 0; j < N * D; j++) {
				const double value = (i < 4 || a == 2 ? factors[i % 4] : 1) * draw(false);
				wide[a][j] = all[a][j] = exact ? value : (double)(float)value;
			}
		run(&s, q, k, v, o);
		recur(s.operator, &(struct stream){N, D, D, wide[0], wide[1], wide[2], NULL, decay_of(&s, 0), 0}, expected, NULL);
		/* Sums of D N products, each of which may have lost as much as the smallest normal number. */
		compare(&s, "small values", o, sizeof *o, D, expected, D, N, D, D * N * smallest / (long double)allowed(&s), allowed(&s));
	}
}

/* Calls leave rounding and denormals of the caller as they were, and do not depend on them. */
static void check_caller_state(struct setting s)
{
	enum { N = 9, D = 5 };
	double in[N * D], expected[N * D], got[N * D];
	volatile double smallest = DBL_MIN;
	s.n = N;
	s.d = s.dv = D;
	for (int i = 0; i < N * D; i++)
		in[i] = draw(false);
	run(&s, in, in, in, expected);
	fesetround(FE_UPWARD);
	run(&s, in, in, in, got);
	const int rounding = fegetround();
	fesetround(FE_TONEAREST);
	checks++;
	if (rounding != FE_UPWARD || smallest / 2 == 0 || memcmp(expected, got, sizeof got))
		complain(&s, "rounding of the caller", rounding, 0);
}

/* What is denormal counts as zero, on its way in and on its way out, except under valgrind, which does not know how. */
static void check_denormals(struct setting s)
{
	const bool exact = s.precision == HLA_FLOAT64;
	const double one = 1, small = exact ? 1e-200 : 1e-30, large = 1 / small, denormal = exact ? 1e-310 : 1e-40;
	double in, out;
	s.operator = LINEAR;
	s.n = s.d = s.dv = 1;
	run(&s, &one, &large, &denormal, &in);
	run(&s, &small, &one, &(double){denormal / small}, &out);
	checks++;
	if (in != 0 || out != 0)
		complain(&s, "denormals", in != 0 ? in : out, 0);
}

/* A matrix that heads share is set through any of them, and read through any. */
static void check_shared_matrix(struct setting s)
{
	enum { D = 5 };
	s.operator = HLA2;
	s.d = s.dv = D;
	s.heads = HLA_TEAM + 2;
	struct hla_session *session = open_session(&s, false);
	double values[D * D], zeros[D * D] = {0}, got[D * D];
	for (int i = 0; i < D * D; i++)
		values[i] = (float)draw(false);
	for (int from = 0; from < s.heads; from++) {
		session->kernels->set_matrix(session, from, 0, values);
		for (int to = 0; to < s.heads; to++) {
			session->kernels->get_matrix(session, to, 0, got);
			checks++;
			if (memcmp(values, got, sizeof got))
				complain(&s, "shared matrix", to, 0);
		}
		session->kernels->set_matrix(session, from, 0, zeros);
	}
	hla_destroy(session);
}

void check_edges(struct setting s)
{
	check_elu1(s);
	check_quotients(s);
	check_caller_state(s);
	if (!getenv("HLA_DENORMALS_KEPT"))
		check_denormals(s);
	check_shared_matrix(s);
	check_programs(&s);
	if (s.precision == HLA_FLOAT64)
		check_denormal_rows(s);
	for (int operator = 0; operator < OPERATOR_COUNT; operator++) {
		s.operator = operator;
		s.normalize = false;
		check_not_a_number(s);
		s.normalize = true;
		check_not_a_number(s);
		s.normalize = false;
		check_small_values(s);
		s.decays = true;
		check_small_values(s);
		s.decays = false;
	}
	if (s.precision != HLA_MIXED_PRECISION)
		return;
	check_digits_kept(s);
	check_long_stream(s);
}
