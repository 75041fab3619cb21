/* A stream in progress: settings, the matrices of every head, and the scratch of one thread. */
#ifndef HLA_SESSION_H
#define HLA_SESSION_H

#include <stdint.h>

#include "hla_kernels.h"
#include "hla_program.h"
#include "hla_sizes.h"

struct hla_settings {
	struct hla_program program;
	int d, dv, heads, kv_heads;
	enum hla_precision precision;
	enum hla_isa cap;
	enum hla_feature_map feature_map;
	bool normalize, gated;
	double scale, epsilon;
	const double *decay; /* one per head, read at creation only */
};

enum hla_status { HLA_OK, HLA_OUT_OF_MEMORY, HLA_BAD_SETTINGS };

/* The fields without a type hold elements of the arithmetic: float or double, as the kernels say. */
struct hla_signal {
	/* A row for each token of a batch, HLA_TEAM times: `gap` elements further for the next head of a team, 0 for k and v. */
	void *rows;             /* scratch, or rows of the caller */
	ptrdiff_t stride, gap;
	void *scratch;          /* [heads of a team][tokens][scratch_stride] */
	ptrdiff_t scratch_stride, scratch_gap;
	void *column;           /* [heads of a team][HLA_BATCH], what the column of ones has become */
	ptrdiff_t column_gap;
};

struct hla_matrix {
	/*
	 * In panels, see hla_sweep.h, and behind them the rows of the column of ones. In the mixed precision these are the changes
	 * since the last fold, `base` is the matrix at that time in float, and `kept` in double; in the others the values are all
	 * there is. Where decay is put off, they are to be multiplied by a power of it.
	 */
	void *values;
	float *base;
	double *kept;
};

/* A power e of the decay of a head. With gates g differs from token to token, and may be 0: nothing is divided by it. */
struct hla_powers {
	bool decays;      /* at all */
	bool at_each;     /* at each token, else once in a batch, and y and what is read are weighted */
	double *exact;    /* g^(e i) for i = 0..span; with gates, in the mixed precision alone, products since the last fold */
	void *each;       /* g^e at the tokens of a batch */
	void *of_reads;   /* unless at each: g^(e i) for i = 0..tokens */
	void *of_y;       /* g^(-e (i + 1)) for i = 0..tokens - 1 */
	void *of_both;    /* the root of that, for y and z where they are the same */
};

struct hla_session {
	const struct hla_kernels *kernels;
	enum hla_isa isa;
	struct hla_plan plan;
	int d, dv, heads, kv_heads;
	enum hla_feature_map feature_map;
	bool gated;
	double scale, epsilon;
	double *decay;
	int64_t tokens;   /* since the session was opened */
	double *product;  /* [heads], of the decays of all tokens so far: with gates or weighted signals only */
	double *products; /* [heads of a team][HLA_BATCH + 1], the same in front of a batch and behind each of its tokens */
	int64_t since;    /* tokens since the matrices were set, in the mixed precision since they were folded */

	struct hla_signal signal[HLA_MAX_SIGNALS];
	ptrdiff_t panel_size[HLA_MAX_MATRICES], column_at[HLA_MAX_MATRICES], size[HLA_MAX_MATRICES];
	struct hla_matrix *matrix;  /* [heads][matrix_count], heads that share a matrix point to the same */
	struct hla_powers *powers;  /* [heads][power_count] */
	void *weighted_y; /* [tokens][weighted_stride] */
	ptrdiff_t weighted_stride;
	void *arena;
};

/* On success *session is to be given to hla_destroy. *problem is set for HLA_BAD_SETTINGS. */
enum hla_status hla_create(struct hla_session **session, const struct hla_settings *settings, const char **problem);
void hla_destroy(struct hla_session *session);

/* Columns of a matrix as it crosses the boundary, with the column of ones. */
int hla_matrix_rows(const struct hla_session *session, int matrix);
int hla_matrix_columns(const struct hla_session *session, int matrix);

/* The product of the decays of all tokens since the session was opened. */
double hla_product(const struct hla_session *session, int head);

/*
 * Tokens of the batch in progress, and the decay of them that a matrix has not been multiplied by: 0 and 1 between two batches,
 * where no decay is put off, and in the mixed precision, whose matrices are got whole.
 */
int hla_tokens_of_batch(const struct hla_session *session);
double hla_put_off(const struct hla_session *session, int head, int matrix);

/* Goes on behind as many tokens of a batch, all matrices having been set; returns whether a batch can be so far. */
bool hla_resume(struct hla_session *session, int tokens);

/* The first head of those in a row that have one matrix together: one KV head, one decay, a shared matrix. */
int hla_first_sharing(const struct hla_session *session, const double *decay, int head, int matrix);

/* Whether only the elements on and above the diagonal of a matrix are kept: a sum of y y^T that nothing reads. */
static inline bool hla_is_triangle(const struct hla_session *s, int matrix)
{
	return s->plan.program.matrix[matrix].y == s->plan.program.matrix[matrix].z && !s->plan.is_read[matrix];
}

/* The same rows from a token on. */
static inline struct hla_rows hla_rows_from(const struct hla_session *s, struct hla_rows rows, int token)
{
	const size_t in = (size_t)token * (rows.double_input ? sizeof(double) : sizeof(float));
	const size_t out = (size_t)token * (rows.double_output ? sizeof(double) : sizeof(float));
	rows.q = (const char *)rows.q + in * (size_t)s->heads * (size_t)s->d;
	rows.k = (const char *)rows.k + in * (size_t)s->kv_heads * (size_t)s->d;
	rows.v = (const char *)rows.v + in * (size_t)s->kv_heads * (size_t)s->dv;
	rows.gate = rows.gate ? rows.gate + (size_t)token * (size_t)s->heads : NULL;
	rows.o = rows.o ? (char *)rows.o + out * (size_t)s->heads * (size_t)s->dv : NULL;
	return rows;
}

static inline struct hla_matrix *hla_matrix_of(const struct hla_session *s, int head, int matrix)
{
	return s->matrix + (ptrdiff_t)head * s->plan.program.matrix_count + matrix;
}

static inline struct hla_powers *hla_powers_of(const struct hla_session *s, int head, int power)
{
	return s->powers + (ptrdiff_t)head * s->plan.power_count + power;
}

#endif
