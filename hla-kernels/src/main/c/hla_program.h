/*
 * An operator as data: signals (a row for each token), matrices that collect outer products of two signals, and reads
 * of a matrix by a signal, which are signals in turn.
 *
 *   signal 0 = q, 1 = k (d columns each), 2 = v (dv columns), 3 + i = read i
 *   matrix m:  M <- g^decay M + y_t z_t^T at each token
 *   read i:    x_t^T M after token t has been added (strict: before)
 *   output:    the sum of coefficient x signal over the terms
 */
#ifndef HLA_PROGRAM_H
#define HLA_PROGRAM_H

#include <stdbool.h>

enum { HLA_QUERY, HLA_KEY, HLA_VALUE, HLA_FIRST_READ };
enum { HLA_MAX_MATRICES = 16, HLA_MAX_READS = 16, HLA_MAX_TERMS = 8, HLA_MAX_DECAY = 4 };
enum { HLA_MAX_SIGNALS = HLA_FIRST_READ + HLA_MAX_READS, HLA_MAX_STEPS = 4 * HLA_MAX_READS + HLA_MAX_MATRICES };

struct hla_program {
	int matrix_count, read_count, term_count;
	struct { int y, z, decay; } matrix[HLA_MAX_MATRICES];
	struct { int x, matrix; bool strict; } read[HLA_MAX_READS];
	struct { int signal; double coefficient; } term[HLA_MAX_TERMS];
};

/* What a block of tokens goes through, in order. */
enum hla_action {
	HLA_TURN,    /* index = signal: its transpose, which reads and products take */
	HLA_PRODUCT, /* index = product */
	HLA_READ,    /* index = read */
	HLA_UPDATE   /* index = matrix */
};

struct hla_plan {
	struct hla_program program;
	int width[HLA_MAX_SIGNALS];   /* columns of each signal, without the column of ones */
	bool wide[HLA_MAX_SIGNALS];   /* carries one more column, which the column of ones behind v becomes */
	bool turned[HLA_MAX_SIGNALS];
	bool is_read[HLA_MAX_MATRICES];
	bool decays[HLA_MAX_DECAY + 1];
	int product_count;            /* reads that multiply the same x and y under the same decay share a product */
	struct { int x, y, decay; bool strict; } product[HLA_MAX_READS];
	int product_of[HLA_MAX_READS];
	int step_count;
	struct { enum hla_action action; int index; } step[HLA_MAX_STEPS];
};

/* Plans the steps of a program. Returns NULL, or what is wrong with the program. */
const char *hla_plan_program(struct hla_plan *plan, const struct hla_program *program, int d, int dv, bool normalize);

#endif
