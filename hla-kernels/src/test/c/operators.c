#include "operators.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const operator_names[OPERATOR_COUNT] = {"linear", "hla2", "hla2-published", "hla2-none", "ahla", "ahla-none",
	"hla3", "hla3-published", "hla3-none", "weighted"};

enum { Q = HLA_QUERY, K = HLA_KEY, V = HLA_VALUE };

static int matrix(struct hla_program *p, int y, int z, int decay)
{
	p->matrix[p->matrix_count].y = y;
	p->matrix[p->matrix_count].z = z;
	p->matrix[p->matrix_count].decay = decay;
	return p->matrix_count++;
}

static int read(struct hla_program *p, int x, int matrix, bool strict)
{
	p->derived[p->derived_count].x = x;
	p->derived[p->derived_count].matrix = matrix;
	p->derived[p->derived_count].strict = strict;
	return HLA_FIRST_DERIVED + p->derived_count++;
}

static int weighted(struct hla_program *p, int x, int power, bool strict)
{
	p->derived[p->derived_count].power = power;
	return read(p, x, HLA_WEIGHTED, strict);
}

static void term(struct hla_program *p, int signal, double coefficient)
{
	p->term[p->term_count].signal = signal;
	p->term[p->term_count++].coefficient = coefficient;
}

struct hla_program program_of(enum operator operator, bool summary, double ridge)
{
	struct hla_program program = {0}, *p = &program;
	int out = -1, C = -1;
	switch (operator) {
	case LINEAR: {
		const int P = matrix(p, K, V, 1);
		if (!summary)
			out = read(p, Q, P, false);
		break;
	}
	case HLA2: {
		const int S = matrix(p, K, K, 1), u = read(p, Q, S, false), F = matrix(p, u, V, 2);
		if (summary || ridge != 0)
			C = matrix(p, Q, V, 1);
		if (!summary)
			out = read(p, Q, F, false);
		break;
	}
	case HLA2_PUBLISHED: {
		const int S = matrix(p, K, K, 1);
		C = matrix(p, Q, V, 1);
		const int w = read(p, K, C, true), G = matrix(p, K, w, 1);
		if (summary)
			matrix(p, K, K, 0);
		else {
			out = read(p, read(p, Q, S, false), C, false);
			term(p, read(p, Q, G, false), -1);
		}
		break;
	}
	case HLA2_NONE: {
		const int S = matrix(p, K, K, 1);
		C = matrix(p, Q, V, 1);
		if (!summary)
			out = read(p, read(p, Q, S, false), C, false);
		break;
	}
	case AHLA: {
		const int P = matrix(p, K, V, 1), r = read(p, Q, P, false), E = matrix(p, K, r, 1);
		if (summary)
			matrix(p, K, Q, 0);
		else
			out = read(p, Q, E, false);
		break;
	}
	case AHLA_NONE: {
		const int R = matrix(p, K, Q, 1), P = matrix(p, K, V, 1);
		if (!summary)
			out = read(p, read(p, Q, R, false), P, false);
		break;
	}
	case HLA3: {
		const int S = matrix(p, K, K, 1), P = matrix(p, K, V, 1);
		const int u = read(p, Q, S, false), r = read(p, Q, P, false), F = matrix(p, u, r, 3);
		if (summary) {
			matrix(p, Q, r, 2);
			matrix(p, u, Q, 2);
			matrix(p, Q, Q, 1);
		} else
			out = read(p, Q, F, false);
		break;
	}
	case HLA3_PUBLISHED: {
		const int S = matrix(p, K, K, 1), M = matrix(p, Q, Q, 1), P = matrix(p, K, V, 1);
		if (summary)
			break;
		const int x = read(p, K, M, true);
		const int G1 = matrix(p, K, read(p, x, P, true), 1);
		const int before = read(p, Q, S, true);
		const int G2 = matrix(p, before, read(p, Q, P, true), 1);
		const int G3 = matrix(p, read(p, x, S, true), V, 1);
		out = read(p, read(p, read(p, Q, S, false), M, false), P, false);
		term(p, read(p, Q, G1, false), -1);
		term(p, read(p, Q, G2, false), -1);
		term(p, read(p, Q, G3, false), -1);
		break;
	}
	case HLA3_NONE: {
		const int S = matrix(p, K, K, 1), M = matrix(p, Q, Q, 1), P = matrix(p, K, V, 1);
		if (!summary)
			out = read(p, read(p, read(p, Q, S, false), M, false), P, false);
		break;
	}
	case WEIGHTED: {
		const int vw = weighted(p, V, 1, false), P = matrix(p, weighted(p, K, 2, true), vw, 1), S = matrix(p, K, K, 16);
		const int F = matrix(p, weighted(p, read(p, Q, S, false), 1, false), V, 2);
		if (summary)
			break;
		const int r = read(p, Q, P, false);
		out = read(p, Q, F, false);
		term(p, r, 1);
		term(p, weighted(p, r, 3, true), 0.5);
		term(p, vw, 0.25);
		break;
	}
	case OPERATOR_COUNT:
		break;
	}
	if (!summary) {
		term(p, out, 1);
		if (ridge != 0)
			term(p, read(p, Q, C, false), ridge);
	}
	return program;
}

void count_attentions(enum operator operator, bool ridge, int *square, int *wide)
{
	static const int counts[OPERATOR_COUNT][2] = {[LINEAR] = {0, 1}, [HLA2] = {1, 1}, [HLA2_PUBLISHED] = {1, 3},
		[HLA2_NONE] = {1, 1}, [AHLA] = {0, 2}, [AHLA_NONE] = {1, 1}, [HLA3] = {1, 2}, [HLA3_PUBLISHED] = {5, 6},
		[HLA3_NONE] = {2, 1}, [WEIGHTED] = {1, 2}};
	*square = counts[operator][0];
	*wide = counts[operator][1] + ridge;
}

typedef long double wide_real;

static wide_real *zeros(int rows, int columns)
{
	wide_real *m = calloc((size_t)rows * (size_t)columns, sizeof *m);
	if (!m)
		abort();
	return m;
}

/* m = g m + y z^T */
static void add(wide_real *m, wide_real g, const wide_real *y, int rows, const wide_real *z, int columns)
{
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			m[i * columns + j] = g * m[i * columns + j] + y[i] * z[j];
}

/* out = w x */
static void weigh(wide_real *out, wide_real w, const wide_real *x, int columns)
{
	for (int j = 0; j < columns; j++)
		out[j] = w * x[j];
}

/* out = x^T m */
static void apply(wide_real *out, const wide_real *x, const wide_real *m, int rows, int columns)
{
	for (int j = 0; j < columns; j++)
		out[j] = 0;
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			out[j] += x[i] * m[i * columns + j];
}

void recur(enum operator operator, const struct stream *stream, wide_real *o, struct moments *moments)
{
	const int n = stream->n, d = stream->d, dv = stream->dv;
	wide_real *S = zeros(d, d), *S0 = zeros(d, d), *M = zeros(d, d), *R = zeros(d, d), *R0 = zeros(d, d), *Y = zeros(d, d);
	wide_real *P = zeros(d, dv), *C = zeros(d, dv), *F = zeros(d, dv), *E = zeros(d, dv), *X = zeros(d, dv);
	wide_real *G1 = zeros(d, dv), *G2 = zeros(d, dv), *G3 = zeros(d, dv), *G = zeros(d, dv), *F3 = zeros(d, dv);
	wide_real *a = zeros(1, d), *b = zeros(1, d), *c = zeros(1, dv), *u = zeros(1, d), *r = zeros(1, dv), *e = zeros(1, dv);
	wide_real *last = zeros(1, dv), *S16 = zeros(d, d), *PW = zeros(d, dv), *FW = zeros(d, dv), product = 1;
	for (int t = 0; t < n; t++, o += dv) {
		const wide_real *q = stream->q + t * d, *k = stream->k + t * d, *v = stream->v + t * dv;
		const wide_real g = stream->decay * (stream->gate ? stream->gate[t] : 1);
		if (operator == HLA3_PUBLISHED) {
			apply(a, k, M, d, d);
			apply(c, a, P, d, dv);
			add(G1, g, k, d, c, dv);
			apply(b, a, S, d, d);
			add(G3, g, b, d, v, dv);
			apply(b, q, S, d, d);
			apply(c, q, P, d, dv);
			add(G2, g, b, d, c, dv);
		}
		apply(c, k, C, d, dv);
		add(G, g, k, d, c, dv);
		add(S, g, k, d, k, d);
		add(S0, 1, k, d, k, d);
		add(M, g, q, d, q, d);
		add(R, g, k, d, q, d);
		add(R0, 1, k, d, q, d);
		add(P, g, k, d, v, dv);
		add(C, g, q, d, v, dv);
		apply(u, q, S, d, d);
		apply(r, q, P, d, dv);
		add(F, g * g, u, d, v, dv);
		add(E, g, k, d, r, dv);
		add(X, g * g, q, d, r, dv);
		add(Y, g * g, u, d, q, d);
		add(F3, g * g * g, u, d, r, dv);
		switch (operator) {
		case LINEAR: apply(o, q, P, d, dv); break;
		case HLA2: apply(o, q, F, d, dv); break;
		case HLA2_PUBLISHED:
		case HLA2_NONE:
			apply(o, u, C, d, dv);
			apply(e, q, G, d, dv);
			for (int j = 0; operator == HLA2_PUBLISHED && j < dv; j++)
				o[j] -= e[j];
			break;
		case AHLA: apply(o, q, E, d, dv); break;
		case AHLA_NONE:
			apply(a, q, R, d, d);
			apply(o, a, P, d, dv);
			break;
		case HLA3: apply(o, q, F3, d, dv); break;
		case HLA3_PUBLISHED:
		case HLA3_NONE:
			apply(a, u, M, d, d);
			apply(o, a, P, d, dv);
			for (int i = 0; operator == HLA3_PUBLISHED && i < 3; i++) {
				apply(e, q, i == 0 ? G1 : i == 1 ? G2 : G3, d, dv);
				for (int j = 0; j < dv; j++)
					o[j] -= e[j];
			}
			break;
		case WEIGHTED: {
			const wide_real before = product, now = product *= g;
			weigh(a, before * before, k, d);
			weigh(c, now, v, dv);
			add(PW, g, a, d, c, dv);
			add(S16, powl(g, 16), k, d, k, d);
			apply(b, q, S16, d, d);
			weigh(b, now, b, d);
			add(FW, g * g, b, d, v, dv);
			apply(o, q, FW, d, dv);
			apply(e, q, PW, d, dv);
			for (int j = 0; j < dv; j++)
				o[j] += e[j] + 0.5L * before * before * before * e[j] + 0.25L * c[j];
			break;
		}
		case OPERATOR_COUNT: break;
		}
		apply(last, q, C, d, dv);
		for (int j = 0; stream->ridge != 0 && j < dv; j++)
			o[j] += stream->ridge * last[j];
	}
	if (moments) {
		wide_real *lists[OPERATOR_COUNT][6] = {[LINEAR] = {P}, [HLA2] = {S, F, C}, [HLA2_PUBLISHED] = {S, C, G, S0},
			[HLA2_NONE] = {S, C}, [AHLA] = {P, E, R0}, [AHLA_NONE] = {R, P}, [HLA3] = {S, P, F3, X, Y, M},
			[HLA3_PUBLISHED] = {S, M, P}, [HLA3_NONE] = {S, M, P}, [WEIGHTED] = {PW, S16, FW}};
		wide_real *const square[] = {S, S0, M, R, R0, Y, S16};
		for (moments->count = 0; moments->count < 6 && lists[operator][moments->count]; moments->count++) {
			wide_real *from = lists[operator][moments->count];
			int columns = dv;
			for (size_t i = 0; i < sizeof square / sizeof *square; i++)
				if (from == square[i])
					columns = d;
			moments->rows[moments->count] = d;
			moments->columns[moments->count] = columns;
			moments->values[moments->count] = zeros(d, columns);
			memcpy(moments->values[moments->count], from, (size_t)d * (size_t)columns * sizeof *from);
		}
	}
	wide_real *all[] = {S, S0, M, R, R0, Y, P, C, F, E, X, G1, G2, G3, G, F3, a, b, c, u, r, e, last, S16, PW, FW};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		free(all[i]);
}
