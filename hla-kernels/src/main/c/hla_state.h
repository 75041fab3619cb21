/* The matrices of a session from outside its sweeps: decay that was put off, the fold of the mixed precision, in and out. */
#ifndef HLA_STATE_H
#define HLA_STATE_H

#include "hla_session.h"
#include "hla_vector.h"

static const struct hla_powers *powers_of_matrix(const struct hla_session *s, int head, int m)
{
	return hla_powers_of(s, head, s->plan.power_of[m]);
}

/* What the values of a matrix are to be multiplied by: of a batch in progress or just ended, the decay of its tokens. */
static double put_off(const struct hla_session *s, const struct hla_powers *powers)
{
	return powers->at_each || s->since == 0 ? 1 : powers->exact[(s->since - 1) % SWEEP_TOKENS + 1];
}

/* Mixed precision: the decay of the double matrices since the last fold. */
static double since_fold(const struct hla_session *s, const struct hla_powers *powers)
{
	return HLA_MIXED ? powers->exact[s->since] : 1;
}

static void fold_matrix(const struct hla_matrix *matrix, double decay, double factor, ptrdiff_t count)
{
	float *restrict change = matrix->values, *restrict base = matrix->base;
	double *restrict kept = matrix->kept;
	for (ptrdiff_t i = 0; i < count; i++) {
		kept[i] = decay * kept[i] + factor * (double)change[i];
		change[i] = 0;
	}
	for (ptrdiff_t i = 0; base && i < count; i++)
		base[i] = (float)kept[i];
}

/* Leaves nothing put off: values are the matrices, in the mixed precision those in double and their rounding are. */
static void settle_head(const struct hla_session *s, int head)
{
	for (int m = 0; m < s->plan.program.matrix_count; m++) {
		const struct hla_matrix *matrix = hla_matrix_of(s, head, m);
		const struct hla_powers *powers = powers_of_matrix(s, head, m);
		const double factor = put_off(s, powers);
		if (head != hla_first_sharing(s, s->decay, head, m))
			continue;
		if (HLA_MIXED)
			fold_matrix(matrix, since_fold(s, powers), factor, s->size[m]);
		for (ptrdiff_t i = 0; !HLA_MIXED && factor != 1 && i < s->size[m]; i++)
			((real *)matrix->values)[i] *= (real)factor;
	}
}

/* Where element (row, column) of a matrix stands, also of its column of ones. */
static ptrdiff_t place_of(const struct hla_session *s, int m, int row, int column)
{
	if (column == s->plan.width[s->plan.program.matrix[m].z])
		return s->column_at[m] + row;
	return column / PANEL * s->panel_size[m] + (ptrdiff_t)row * PANEL + column % PANEL;
}

static void set_matrix(struct hla_session *s, int head, int m, const double *values)
{
	const struct hla_matrix *matrix = hla_matrix_of(s, head, m);
	const int rows = hla_matrix_rows(s, m), columns = hla_matrix_columns(s, m);
	for (int h = 0; s->since && h < s->heads; h++)
		settle_head(s, h);
	s->since = 0;
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++, values++) {
			const ptrdiff_t at = place_of(s, m, i, j);
			((real *)matrix->values)[at] = HLA_MIXED ? 0 : (real)*values;
			if (HLA_MIXED)
				matrix->kept[at] = *values;
			if (HLA_MIXED && matrix->base)
				matrix->base[at] = (float)*values;
		}
}

static void get_matrix(const struct hla_session *s, int head, int m, double *values)
{
	const struct hla_matrix *matrix = hla_matrix_of(s, head, m);
	const struct hla_powers *powers = powers_of_matrix(s, head, m);
	const int rows = hla_matrix_rows(s, m), columns = hla_matrix_columns(s, m);
	const double factor = hla_tokens_of_batch(s) ? 1 : put_off(s, powers), decay = since_fold(s, powers);
	const bool triangle = hla_is_triangle(s, m);
	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++, values++) {
			const ptrdiff_t at = triangle && i > j ? place_of(s, m, j, i) : place_of(s, m, i, j);
			const real value = ((const real *)matrix->values)[at];
			/* As the sweep that goes on multiplies; mixed: as a fold does. */
			*values = HLA_MIXED ? factor * (double)value + decay * matrix->kept[at] : (double)((real)factor * value);
		}
}

#endif
