/*
 * Ratio of the kernels to the multiply-add peak of the same core, both measured in this process, turn by turn.
 *
 *   bench [isa=..] [precision=..] [operator=..] [d=..] [dv=..] [heads=..] [kv=..] [call=tokens] [seconds=..]
 *         [factor=1e-40|nan|..] [floats] [gates] [normalize] [ridge] [decay] [summarize] [elu1] [relu] [l2]
 *
 * Without sizes it prints the table of the goals, with heads that share and calls of one token, and what denormals and NaN
 * cost. Useful work is what the definition counts: 4 x rows x columns operations for each linear attention, token and query
 * head. Where query heads of a KV head share matrices, less is done than counted, and the ratio may pass 1.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../main/c/hla_session.h"
#include "operators.h"

static const char *const precision_names[] = {"float32", "mixed", "float64"};

struct work {
	enum hla_isa isa;
	enum hla_precision precision;
	enum operator operator;
	enum hla_feature_map map;
	int d, dv, heads, kv_heads, call;
	bool floats, gates, normalize, ridge, decay, summarize; /* floats: rows of float64 are of floats */
	double seconds, factor;
};

struct result { double peak, ratio, nanoseconds; };

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Rows between -factor / 2 and factor / 2. */
static void *random_rows(size_t count, bool doubles, double factor)
{
	void *rows = aligned_alloc(64, (count * sizeof(double) + 63) / 64 * 64);
	if (!rows)
		abort();
	for (size_t i = 0; i < count; i++) {
		const double value = factor * ((double)rand() / RAND_MAX - 0.5);
		if (doubles)
			((double *)rows)[i] = value;
		else
			((float *)rows)[i] = (float)value;
	}
	return rows;
}

static struct result measure(const struct work *w)
{
	double decay[256];
	for (int h = 0; h < w->heads; h++)
		decay[h] = w->decay ? 0.99 : 1;
	struct hla_settings settings = {.program = program_of(w->operator, w->summarize, w->ridge ? 0.25 : 0), .d = w->d,
		.dv = w->dv, .heads = w->heads, .kv_heads = w->kv_heads, .precision = w->precision, .cap = w->isa,
		.feature_map = w->map, .normalize = w->normalize, .gated = w->gates, .scale = 1, .epsilon = 1e-6, .decay = decay};
	struct hla_session *session;
	const char *problem;
	if (hla_create(&session, &settings, &problem) != HLA_OK) {
		printf("%s\n", problem);
		exit(1);
	}
	const size_t tokens = (size_t)w->call;
	const bool doubles = w->precision == HLA_FLOAT64 && !w->floats;
	void *q = random_rows(tokens * (size_t)(w->heads * w->d), doubles, w->factor);
	void *k = random_rows(tokens * (size_t)(w->kv_heads * w->d), doubles, w->factor);
	void *v = random_rows(tokens * (size_t)(w->kv_heads * w->dv), doubles, w->factor);
	void *o = random_rows(tokens * (size_t)(w->heads * w->dv), doubles, w->factor);
	double *gate = malloc(tokens * (size_t)w->heads * sizeof *gate);
	for (size_t i = 0; i < tokens * (size_t)w->heads; i++)
		gate[i] = 0.99;
	const struct hla_rows rows = {.q = q, .k = k, .v = v, .o = w->summarize ? NULL : o, .gate = gate, .double_input = doubles,
		.double_output = doubles};
	int square, wide;
	count_attentions(w->operator, w->ridge, &square, &wide);
	const double work = 4.0 * w->d * ((double)square * w->d + (double)wide * w->dv) * w->heads;
	double best_peak = 0, best = INFINITY;
	const double end = now() + w->seconds;
	do {
		double start = now();
		const double flops = session->kernels->peak(20000);
		const double rate = flops / (now() - start);
		if (rate > best_peak)
			best_peak = rate;
		long calls = 0;
		start = now();
		double stop;
		do {
			session->kernels->process(session, w->call, &rows);
			calls++;
			stop = now();
		} while (stop - start < 2e-3);
		const double time = (stop - start) / ((double)calls * w->call);
		if (time < best)
			best = time;
		/* The sums of a stream without decay grow without end: start over. */
		for (int h = 0; h < w->heads; h++)
			for (int m = 0; m < session->plan.program.matrix_count; m++) {
				double *zero = calloc((size_t)(hla_matrix_rows(session, m) * hla_matrix_columns(session, m)), sizeof *zero);
				session->kernels->set_matrix(session, h, m, zero);
				free(zero);
			}
	} while (now() < end);
	hla_destroy(session);
	free(q);
	free(k);
	free(v);
	free(o);
	free(gate);
	return (struct result){best_peak / 1e9, work / best / best_peak, best * 1e9 / w->heads};
}

static void report(const struct work *w)
{
	const struct result r = measure(w);
	printf("%-8s %-7s %-14s d=%-4d dv=%-4d heads=%d/%d call=%-4d%s%s%s%s%s%s%s  %6.1f GFLOP/s peak  ratio %.3f  %8.1f ns a token and head\n",
			hla_isa_name(w->isa), precision_names[w->precision], operator_names[w->operator], w->d, w->dv, w->heads,
			w->kv_heads, w->call, w->summarize ? " summarize" : "", w->floats ? " floats" : "",
			w->gates ? " gates" : "", w->normalize ? " normalize" : "", w->ridge ? " ridge" : "",
			w->decay ? " decay" : "", w->map ? " map" : "", r.peak, r.ratio, r.nanoseconds);
	fflush(stdout);
}

static int index_of(const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return i;
	fprintf(stderr, "unknown: %s\n", name);
	exit(2);
}

/* The time of input whose products are denormal, that is denormal itself, or is no number: no processor may trip over it. */
static void report_values(struct work w)
{
	const bool exact = w.precision == HLA_FLOAT64;
	const double factors[] = {exact ? 1e-104 : 1e-13, exact ? 1e-310 : 1e-40, NAN};
	const double ordinary = measure(&w).nanoseconds;
	for (int i = 0; i < 3; i++) {
		w.factor = factors[i];
		printf("%-8s %-7s %-14s d=%-4d dv=%-4d input of %-6g %5.2f of the time of ordinary input\n", hla_isa_name(w.isa),
				precision_names[w.precision], operator_names[w.operator], w.d, w.dv, w.factor,
				measure(&w).nanoseconds / ordinary);
	}
	fflush(stdout);
}

static void goals(struct work w)
{
	for (int isa = hla_best_isa(HLA_ISA_COUNT); isa >= 0; isa--)
		for (int precision = 0; precision < HLA_PRECISION_COUNT; precision++) {
			w.isa = isa;
			w.precision = precision;
			w.operator = HLA2;
			static const int sizes[][2] = {{16, 16}, {32, 32}, {64, 64}, {100, 60}, {112, 64}, {128, 128}, {256, 256}};
			for (int i = 0; i < 7; i++) {
				w.d = sizes[i][0];
				w.dv = sizes[i][1];
				report(&w);
			}
			w.d = w.dv = 64;
			for (int option = 0; option < 4; option++) {
				struct work x = w;
				x.normalize = option == 0;
				x.decay = option == 1;
				x.ridge = option == 2;
				x.summarize = option == 3;
				report(&x);
			}
			static const int heads[][2] = {{4, 4}, {4, 1}, {16, 4}};
			for (int i = 0; i < 3; i++) {
				struct work x = w;
				x.heads = heads[i][0];
				x.kv_heads = heads[i][1];
				x.call = 256;
				report(&x);
				x.operator = HLA3;
				report(&x);
			}
			struct work one = w;
			one.call = 1;
			report(&one);
			report_values(w);
			w.operator = LINEAR;
			report(&w);
			w.operator = AHLA;
			report(&w);
			w.operator = HLA3;
			report(&w);
			w.summarize = true;
			report(&w);
			w.summarize = false;
		}
}

int main(int argc, char **argv)
{
	struct work w = {.isa = hla_best_isa(HLA_ISA_COUNT), .operator = HLA2, .heads = 1, .kv_heads = 1, .call = 1024,
		.seconds = 0.3, .factor = 1};
	static const char *isa_names[HLA_ISA_COUNT];
	for (int i = 0; i < HLA_ISA_COUNT; i++)
		isa_names[i] = hla_isa_name(i) ? hla_isa_name(i) : "";
	for (int i = 1; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		if (value)
			*value++ = 0;
		const char *key = argv[i];
		if (!strcmp(key, "isa")) w.isa = index_of(value, isa_names, HLA_ISA_COUNT);
		else if (!strcmp(key, "precision")) w.precision = index_of(value, precision_names, 3);
		else if (!strcmp(key, "operator")) w.operator = index_of(value, operator_names, OPERATOR_COUNT);
		else if (!strcmp(key, "d")) w.d = w.dv = atoi(value);
		else if (!strcmp(key, "dv")) w.dv = atoi(value);
		else if (!strcmp(key, "heads")) w.heads = w.kv_heads = atoi(value);
		else if (!strcmp(key, "kv")) w.kv_heads = atoi(value);
		else if (!strcmp(key, "call")) w.call = atoi(value);
		else if (!strcmp(key, "seconds")) w.seconds = atof(value);
		else if (!strcmp(key, "gates")) w.gates = true;
		else if (!strcmp(key, "floats")) w.floats = true;
		else if (!strcmp(key, "normalize")) w.normalize = true;
		else if (!strcmp(key, "ridge")) w.ridge = true;
		else if (!strcmp(key, "decay")) w.decay = true;
		else if (!strcmp(key, "summarize")) w.summarize = true;
		else if (!strcmp(key, "factor")) w.factor = atof(value);
		else if (!strcmp(key, "elu1")) w.map = HLA_ELU1;
		else if (!strcmp(key, "relu")) w.map = HLA_RELU;
		else if (!strcmp(key, "l2")) w.map = HLA_L2;
		else {
			fprintf(stderr, "unknown option %s\n", key);
			return 2;
		}
	}
	if (w.d)
		report(&w);
	else
		goals(w);
	return 0;
}
