/* The operators as programs, one made of weighted signals, and the same operators as plain recurrences in long double, written apart from them. */
#ifndef OPERATORS_H
#define OPERATORS_H

#include "../../main/c/hla_program.h"

enum operator { LINEAR, HLA2, HLA2_PUBLISHED, HLA2_NONE, AHLA, AHLA_NONE, HLA3, HLA3_PUBLISHED, HLA3_NONE,
	WEIGHTED, OPERATOR_COUNT };

extern const char *const operator_names[OPERATOR_COUNT];

/* The program of an operator; with summary, the one that collects a summary and has no output. */
struct hla_program program_of(enum operator operator, bool summary, double ridge);

/* LAs of d x d and of d x dv, for the useful work of a token. */
void count_attentions(enum operator operator, bool ridge, int *square, int *wide);

/* One head: q [n][d], k [n][d], v [n][dv], after scale and feature map; with normalize v has a column of ones here. */
struct stream {
	int n, d, dv;
	const long double *q, *k, *v;
	const long double *gate; /* [n], or null for gates of 1 */
	long double decay, ridge;
};

/* The matrices of a summary in the order of program_of, each [rows][columns]. */
struct moments {
	int count;
	int rows[HLA_MAX_MATRICES], columns[HLA_MAX_MATRICES];
	long double *values[HLA_MAX_MATRICES];
};

/* o [n][dv]; fills the moments of the summary if asked to. The caller frees their values. */
void recur(enum operator operator, const struct stream *stream, long double *o, struct moments *moments);

#endif
