/* Nanoseconds a token and head of hla2, for sizes.sh: PRECISION D HEADS SECONDS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../main/c/hla_session.h"
#include "operators.h"

enum { CALL_VALUES = 1 << 15, LEAST_TOKENS = 64, MOST_HEADS = 64 };

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static enum hla_precision precision_of(const char *name)
{
	return !strcmp(name, "float32") ? HLA_FLOAT32 : !strcmp(name, "mixed") ? HLA_MIXED_PRECISION : HLA_FLOAT64;
}

/* Rows of doubles for float64, else of floats. */
static void *rows(size_t count, bool doubles)
{
	const size_t bytes = count * (doubles ? sizeof(double) : sizeof(float)) + HLA_OVERHANG;
	void *rows = aligned_alloc(4096, (bytes + 4095) / 4096 * 4096);
	for (size_t i = 0; rows && i < count; i++) {
		const double x = rand() / (double)RAND_MAX - 0.5;
		if (doubles)
			((double *)rows)[i] = x;
		else
			((float *)rows)[i] = (float)x;
	}
	return rows;
}

int main(int count, char **arguments)
{
	const int d = count > 4 ? atoi(arguments[2]) : 0, heads = count > 4 ? atoi(arguments[3]) : 0;
	if (d < 1 || heads < 1 || heads > MOST_HEADS) {
		fprintf(stderr, "usage: bench_sizes PRECISION D HEADS SECONDS, up to %d heads\n", MOST_HEADS);
		return 2;
	}
	double decay[MOST_HEADS];
	for (int i = 0; i < heads; i++)
		decay[i] = 1;
	const struct hla_settings settings = {.program = program_of(HLA2, false, 0), .d = d, .dv = d, .heads = heads,
		.kv_heads = heads, .precision = precision_of(arguments[1]), .cap = HLA_AVX512, .feature_map = HLA_IDENTITY,
		.scale = 1, .decay = decay};
	const int row = heads * d, fitting = CALL_VALUES / (4 * row) / LEAST_TOKENS * LEAST_TOKENS;
	const int tokens = fitting ? fitting : LEAST_TOKENS;
	const bool doubles = settings.precision == HLA_FLOAT64;
	struct hla_rows in = {.double_input = doubles, .double_output = doubles};
	const size_t values = (size_t)row * (size_t)tokens;
	in.q = rows(values, doubles);
	in.k = rows(values, doubles);
	in.v = rows(values, doubles);
	in.o = rows(values, doubles);
	struct hla_session *session;
	const char *problem;
	if (!in.q || !in.k || !in.v || !in.o || hla_create(&session, &settings, &problem) != HLA_OK) {
		fprintf(stderr, "no session\n");
		return 1;
	}
	const double end = seconds() + atof(arguments[4]);
	double best = 1e9;
	do {
		const double start = seconds();
		int calls = 0;
		do {
			session->kernels->process(session, tokens, &in);
			calls++;
		} while (seconds() - start < 0.01);
		const double each = (seconds() - start) / calls / tokens / heads;
		best = each < best ? each : best;
	} while (seconds() < end);
	printf("%s %.2f\n", hla_isa_name(session->isa), best * 1e9);
	return 0;
}
