#include "hla_session.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 64 };

/* Hands out parts of one allocation; with no allocation yet, counts what it must hold. */
struct arena {
	char *start;
	size_t used;
	bool overflow;
};

static void *take(struct arena *arena, size_t count, size_t size)
{
	size_t bytes, end;
	if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, LINE - 1, &bytes)
			|| __builtin_add_overflow(arena->used, bytes / LINE * LINE, &end)) {
		arena->overflow = true;
		return NULL;
	}
	void *part = arena->start ? arena->start + arena->used : NULL;
	arena->used = end;
	return part;
}

/* Elements from row to row: whole cache lines, an odd number of them, so that a column of tiles meets every cache set. */
static ptrdiff_t stride_of(const struct hla_session *s, int width)
{
	const size_t lines = ((size_t)width * (size_t)s->kernels->element + LINE - 1) / LINE;
	return (ptrdiff_t)((lines | 1) * LINE) / s->kernels->element;
}

/* Rows of a matrix or of a transposed signal, with room for the last tile. */
static size_t rows_of(int width)
{
	return ((size_t)width + 15) / 16 * 16;
}

static void lay_out_signals(struct hla_session *s, struct arena *arena)
{
	const struct hla_plan *plan = &s->plan;
	const size_t element = (size_t)s->kernels->element, block = (size_t)s->kernels->tokens;
	for (int i = 0; i < HLA_FIRST_READ + plan->program.read_count; i++) {
		struct hla_signal *signal = &s->signal[i];
		signal->stride = signal->scratch_stride = stride_of(s, plan->width[i]);
		signal->rows = signal->scratch = take(arena, HLA_BATCH * (size_t)signal->stride, element);
		if (plan->turned[i])
			signal->turned = take(arena, HLA_BATCH * rows_of(plan->width[i]), element);
		if (plan->wide[i])
			signal->column = take(arena, HLA_BATCH, element);
		if (signal->stride > s->faded_stride)
			s->faded_stride = signal->stride;
	}
	s->faded = take(arena, HLA_BATCH * (size_t)s->faded_stride, element);
	for (int i = 0; i < plan->product_count; i++)
		s->weights[i] = take(arena, block * block, element);
}

static void lay_out_matrix(struct hla_session *s, struct arena *arena, int m, struct hla_matrix *matrix)
{
	const struct hla_plan *plan = &s->plan;
	const bool mixed = s->kernels == hla_kernels_of(s->isa, HLA_MIXED_PRECISION);
	const size_t element = (size_t)s->kernels->element;
	const size_t rows = rows_of(plan->width[plan->program.matrix[m].y]);
	const size_t columns = (size_t)plan->width[plan->program.matrix[m].z], panel = (size_t)s->kernels->panel;
	const size_t area = (columns + panel - 1) / panel * (size_t)s->panel_size[m];
	struct hla_matrix parts = {.values = take(arena, area, element)};
	if (mixed) {
		parts.kept = take(arena, area, sizeof(double));
		if (plan->is_read[m])
			parts.base = take(arena, area, sizeof(float));
	}
	if (plan->wide[plan->program.matrix[m].z]) {
		parts.column = take(arena, rows, element);
		parts.kept_column = take(arena, rows, sizeof(double));
	}
	if (arena->start)
		*matrix = parts;
}

static void lay_out(struct hla_session *s, struct arena *arena)
{
	const struct hla_plan *plan = &s->plan;
	const int matrices = plan->program.matrix_count;
	s->matrix = take(arena, (size_t)s->heads * (size_t)matrices, sizeof *s->matrix);
	s->powers = take(arena, (size_t)s->heads * (HLA_MAX_DECAY + 1), sizeof *s->powers);
	s->decay = take(arena, (size_t)s->heads, sizeof *s->decay);
	lay_out_signals(s, arena);
	for (int m = 0; m < matrices; m++)
		s->panel_size[m] = (ptrdiff_t)rows_of(plan->width[plan->program.matrix[m].y]) * s->kernels->panel;
	for (int h = 0; h < s->heads; h++) {
		for (int m = 0; m < matrices; m++)
			lay_out_matrix(s, arena, m, arena->start ? hla_matrix_of(s, h, m) : NULL);
		for (int e = 0; e <= HLA_MAX_DECAY; e++) {
			if (!plan->decays[e])
				continue;
			void *rounded = take(arena, 3 * HLA_BATCH, (size_t)s->kernels->element);
			double *exact = take(arena, HLA_SPAN + 1, sizeof(double));
			if (arena->start)
				*hla_powers_of(s, h, e) = (struct hla_powers){
					(char *)rounded + HLA_BATCH * (size_t)s->kernels->element, exact};
		}
	}
}

enum hla_status hla_create(struct hla_session **session, const struct hla_settings *settings, const char **problem)
{
	*session = NULL;
	*problem = NULL;
	if (settings->d < 1 || settings->dv < 1 || settings->heads < 1 || settings->kv_heads < 1)
		*problem = "sizes and head counts must be positive";
	else if (settings->heads % settings->kv_heads)
		*problem = "the number of heads is no multiple of the number of KV heads";
	if (*problem)
		return HLA_BAD_SETTINGS;
	struct hla_session *s = calloc(1, sizeof *s);
	if (!s)
		return HLA_OUT_OF_MEMORY;
	*problem = hla_plan_program(&s->plan, &settings->program, settings->d, settings->dv, settings->normalize);
	if (*problem) {
		free(s);
		return HLA_BAD_SETTINGS;
	}
	s->isa = hla_best_isa(settings->cap);
	s->kernels = hla_kernels_of(s->isa, settings->precision);
	s->d = settings->d;
	s->dv = settings->dv;
	s->heads = settings->heads;
	s->kv_heads = settings->kv_heads;
	s->feature_map = settings->feature_map;
	s->scale = settings->scale;
	s->epsilon = settings->epsilon;

	struct arena arena = {0};
	lay_out(s, &arena);
	if (!arena.overflow)
		arena.start = s->arena = aligned_alloc(LINE, arena.used);
	if (!arena.start) {
		free(s);
		return HLA_OUT_OF_MEMORY;
	}
	memset(s->arena, 0, arena.used);
	arena.used = 0;
	lay_out(s, &arena);
	memcpy(s->decay, settings->decay, (size_t)s->heads * sizeof(double));
	for (int h = 0; h < s->heads; h++)
		s->kernels->prepare(s, h);
	*session = s;
	return HLA_OK;
}

void hla_destroy(struct hla_session *session)
{
	if (!session)
		return;
	free(session->arena);
	free(session);
}

int hla_matrix_rows(const struct hla_session *s, int matrix)
{
	return s->plan.width[s->plan.program.matrix[matrix].y];
}

int hla_matrix_columns(const struct hla_session *s, int matrix)
{
	const int z = s->plan.program.matrix[matrix].z;
	return s->plan.width[z] + s->plan.wide[z];
}
