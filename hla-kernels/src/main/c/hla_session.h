/* A stream in progress: settings, the matrices of every head, and the scratch of one thread. */
#ifndef HLA_SESSION_H
#define HLA_SESSION_H

#include "hla_blocks.h"
#include "hla_kernels.h"
#include "hla_program.h"

struct hla_settings {
	struct hla_program program;
	int d, dv, heads, kv_heads;
	enum hla_precision precision;
	enum hla_isa cap;
	enum hla_feature_map feature_map;
	bool normalize;
	double scale, epsilon;
	const double *decay; /* one per head, read at creation only */
};

enum hla_status { HLA_OK, HLA_OUT_OF_MEMORY, HLA_BAD_SETTINGS };

/* The fields without a type hold elements of the block arithmetic: float or double, as the kernels say. */
struct hla_signal {
	void *rows;       /* [HLA_BATCH][stride]: scratch, or rows of the caller that need no packing */
	ptrdiff_t stride;
	void *scratch;    /* [HLA_BATCH][scratch_stride], zero behind the width */
	ptrdiff_t scratch_stride;
	void *turned;     /* [HLA_BATCH / tokens][width][tokens], where some read multiplies by the signal */
	void *column;     /* [HLA_BATCH], what the column of ones has become */
};

struct hla_matrix {
	/*
	 * In panels, see hla_tiles.h. In the mixed precision these are the changes since the last fold, `base` is the matrix at that
	 * time in float, and `kept` in double; in the others the values are all there is.
	 */
	void *values;
	float *base;
	double *kept;
	/* [rows] for the column of ones: as reads multiply with it, and as it is kept. */
	void *column, *kept_column;
};

struct hla_powers {
	void *rounded;  /* g^(decay i) for i = 0.., zero for i = -HLA_BATCH..-1 */
	double *exact;  /* the same in double for i = 0..HLA_SPAN */
};

struct hla_session {
	const struct hla_kernels *kernels;
	enum hla_isa isa;
	struct hla_plan plan;
	int d, dv, heads, kv_heads;
	enum hla_feature_map feature_map;
	double scale, epsilon;
	double *decay;
	int since_fold;  /* tokens since base and kept were written, mixed precision only */

	struct hla_signal signal[HLA_MAX_SIGNALS];
	ptrdiff_t panel_size[HLA_MAX_MATRICES];
	struct hla_matrix *matrix;  /* [heads][matrix_count] */
	struct hla_powers *powers;  /* [heads][HLA_MAX_DECAY + 1] */
	void *weights[HLA_MAX_READS];
	void *faded;                /* [HLA_BATCH][faded_stride] */
	ptrdiff_t faded_stride;
	void *arena;
};

/* On success *session is to be given to hla_destroy. *problem is set for HLA_BAD_SETTINGS. */
enum hla_status hla_create(struct hla_session **session, const struct hla_settings *settings, const char **problem);
void hla_destroy(struct hla_session *session);

/* Columns of a matrix as it crosses the boundary, with the column of ones. */
int hla_matrix_rows(const struct hla_session *session, int matrix);
int hla_matrix_columns(const struct hla_session *session, int matrix);

static inline struct hla_matrix *hla_matrix_of(const struct hla_session *s, int head, int matrix)
{
	return s->matrix + (ptrdiff_t)head * s->plan.program.matrix_count + matrix;
}

static inline struct hla_powers *hla_powers_of(const struct hla_session *s, int head, int decay)
{
	return s->powers + (ptrdiff_t)head * (HLA_MAX_DECAY + 1) + decay;
}

#endif
