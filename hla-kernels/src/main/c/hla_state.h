/* The matrices of a session from outside its blocks: the fold of the mixed precision, and the way in and out. */
#ifndef HLA_STATE_H
#define HLA_STATE_H

#include "hla_session.h"
#include "hla_vector.h"

static void fold_matrix(const struct hla_matrix *matrix, double decay, ptrdiff_t count)
{
	float *restrict change = matrix->values, *restrict base = matrix->base;
	double *restrict kept = matrix->kept;
	if (base)
		for (ptrdiff_t i = 0; i < count; i++) {
			const double sum = decay * kept[i] + (double)change[i];
			kept[i] = sum;
			base[i] = (float)sum;
			change[i] = 0;
		}
	else
		for (ptrdiff_t i = 0; i < count; i++) {
			kept[i] = decay * kept[i] + (double)change[i];
			change[i] = 0;
		}
}

static ptrdiff_t area_of(const struct hla_session *s, int m)
{
	const int columns = s->plan.width[s->plan.program.matrix[m].z];
	return (columns + PANEL - 1) / PANEL * s->panel_size[m];
}

/* Mixed precision: moves the changes since the last fold into the double matrices, and rounds these for reads. */
static void fold(struct hla_session *s, int head, int since_fold)
{
	for (int m = 0; m < s->plan.program.matrix_count; m++)
		fold_matrix(hla_matrix_of(s, head, m),
				hla_powers_of(s, head, s->plan.program.matrix[m].decay)->exact[since_fold],
				area_of(s, m));
}

/* A stretch of one row of a matrix, from column on: at most a panel wide. */
struct stretch {
	ptrdiff_t at;
	int row, column, count;
};

/* Steps to the next stretch, panel by panel, row by row; starts from all zero. */
static bool next_stretch(const struct hla_session *s, int m, struct stretch *part)
{
	const int rows = hla_matrix_rows(s, m), width = s->plan.width[s->plan.program.matrix[m].z];
	if (part->count && ++part->row == rows) {
		part->row = 0;
		part->column += PANEL;
	}
	if (part->column >= width)
		return false;
	part->count = width - part->column < PANEL ? width - part->column : PANEL;
	part->at = part->column / PANEL * s->panel_size[m] + (ptrdiff_t)part->row * PANEL;
	return true;
}

static void set_matrix(struct hla_session *s, int head, int m, const double *values)
{
	const struct hla_matrix *matrix = hla_matrix_of(s, head, m);
	const int rows = hla_matrix_rows(s, m), columns = hla_matrix_columns(s, m);
	for (int h = 0; HLA_MIXED && s->since_fold && h < s->heads; h++)
		fold(s, h, s->since_fold);
	s->since_fold = 0;
	for (struct stretch part = {0}; next_stretch(s, m, &part);) {
		const double *restrict from = values + (ptrdiff_t)part.row * columns + part.column;
		real *restrict to = (real *)matrix->values + part.at;
		for (int j = 0; j < part.count; j++)
			to[j] = HLA_MIXED ? 0 : (real)from[j];
		for (int j = 0; HLA_MIXED && j < part.count; j++)
			matrix->kept[part.at + j] = from[j];
		for (int j = 0; matrix->base && j < part.count; j++)
			matrix->base[part.at + j] = (float)from[j];
	}
	for (int i = 0; matrix->column && i < rows; i++) {
		const double value = values[(ptrdiff_t)(i + 1) * columns - 1];
		((exact *)matrix->kept_column)[i] = (exact)value;
		((real *)matrix->column)[i] = (real)value;
	}
}

static void get_matrix(const struct hla_session *s, int head, int m, double *values)
{
	const struct hla_matrix *matrix = hla_matrix_of(s, head, m);
	const int rows = hla_matrix_rows(s, m), columns = hla_matrix_columns(s, m);
	const double decay = hla_powers_of(s, head, s->plan.program.matrix[m].decay)->exact[s->since_fold];
	for (struct stretch part = {0}; next_stretch(s, m, &part);) {
		double *restrict to = values + (ptrdiff_t)part.row * columns + part.column;
		const real *restrict from = (const real *)matrix->values + part.at;
		for (int j = 0; j < part.count; j++)
			to[j] = (double)from[j];
		for (int j = 0; HLA_MIXED && j < part.count; j++)
			to[j] += decay * matrix->kept[part.at + j];
	}
	for (int i = 0; matrix->column && i < rows; i++)
		values[(ptrdiff_t)(i + 1) * columns - 1] = (double)((const exact *)matrix->kept_column)[i];
}

#endif
