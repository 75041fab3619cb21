/*
 * An operator as data: signals (a row for each token), matrices that collect outer products of two signals, and signals
 * that are derived from others: reads of a matrix by a signal, and signals weighted by the decay so far.
 *
 *   signal 0 = q, 1 = k (d columns each), 2 = v (dv columns), 3 + i = derived signal i
 *   matrix m:  M <- g_t^decay M + y_t z_t^T at each token
 *   read:      x_t^T M after token t has been added (strict: before)
 *   weighted:  (g_1 .. g_t)^power x_t, a product from the opening of the session on (strict: up to g_(t-1))
 *   output:    the sum of coefficient x signal over the terms
 */
#ifndef HLA_PROGRAM_H
#define HLA_PROGRAM_H

#include <stdbool.h>

enum { HLA_QUERY, HLA_KEY, HLA_VALUE, HLA_FIRST_DERIVED };
enum { HLA_MAX_MATRICES = 64, HLA_MAX_DERIVED = 64, HLA_MAX_TERMS = 16, HLA_MAX_POWER = 16 };
enum { HLA_MAX_SIGNALS = HLA_FIRST_DERIVED + HLA_MAX_DERIVED, HLA_MAX_STEPS = HLA_MAX_DERIVED + HLA_MAX_MATRICES };
enum { HLA_WEIGHTED = -1 }; /* in place of the matrix that a signal is read from */

struct hla_program {
	int matrix_count, derived_count, term_count;
	struct { int y, z, decay; } matrix[HLA_MAX_MATRICES];
	struct { int x, matrix; bool strict; int power; } derived[HLA_MAX_DERIVED]; /* power: of weights, 0 for reads */
	struct { int signal; double coefficient; } term[HLA_MAX_TERMS];
};

/* One sweep over a matrix, with the reads whose operands are there by then; or the weighting of one signal. */
struct hla_step {
	int matrix;       /* or HLA_WEIGHTED */
	int first, count; /* of what it derives, in the plan's order */
	bool last;        /* no later step sweeps over the matrix: this one stores it */
};

struct hla_plan {
	struct hla_program program;
	int width[HLA_MAX_SIGNALS];        /* columns of each signal, without the column of ones */
	bool wide[HLA_MAX_SIGNALS];        /* carries one more column, which the column of ones behind v becomes */
	bool is_read[HLA_MAX_MATRICES];
	bool weighs;                       /* any signal */
	bool shared[HLA_MAX_MATRICES];     /* the same for all query heads of a KV head that decay alike: of k and v, no gates */
	int power_count, power[HLA_MAX_POWER + 1]; /* of decay, which the matrices have */
	int power_of[HLA_MAX_MATRICES];    /* which of these */
	int step_count;
	struct hla_step step[HLA_MAX_STEPS]; /* what a batch of tokens goes through, in order */
	int order[HLA_MAX_DERIVED];        /* derived signals, in the order of the steps */
};

/* Plans the steps of a program. Returns NULL, or what is wrong with the program. */
const char *hla_plan_program(struct hla_plan *plan, const struct hla_program *program, int d, int dv, bool normalize,
		bool gated);

#endif
