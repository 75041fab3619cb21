#include "hla_session.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hla_denormals.h"

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

int hla_first_sharing(const struct hla_session *s, const double *decay, int head, int matrix)
{
	const int group = s->heads / s->kv_heads;
	if (s->plan.shared[matrix])
		while (head % group && decay[head - 1] == decay[head])
			head--;
	return head;
}

static int team_size(const struct hla_session *s)
{
	const int group = s->heads / s->kv_heads;
	return group < HLA_TEAM ? group : HLA_TEAM;
}

static void lay_out_signals(struct hla_session *s, struct arena *arena)
{
	const struct hla_plan *plan = &s->plan;
	const size_t element = (size_t)s->kernels->element, tokens = (size_t)s->kernels->tokens;
	for (int i = 0; i < HLA_FIRST_DERIVED + plan->program.derived_count; i++) {
		struct hla_signal *signal = &s->signal[i];
		const bool shared = i == HLA_KEY || i == HLA_VALUE;
		const size_t heads = shared ? 1 : (size_t)team_size(s);
		signal->stride = signal->scratch_stride = stride_of(s, plan->width[i]);
		signal->gap = signal->scratch_gap = shared ? 0 : (ptrdiff_t)tokens * signal->stride;
		signal->rows = signal->scratch = take(arena, heads * tokens * (size_t)signal->stride, element);
		signal->column_gap = shared ? 0 : HLA_BATCH;
		if (plan->wide[i])
			signal->column = take(arena, heads * HLA_BATCH, element);
		if (signal->stride > s->weighted_stride)
			s->weighted_stride = signal->stride;
	}
	s->weighted_y = take(arena, tokens * (size_t)s->weighted_stride, element);
}

static void measure_matrix(struct hla_session *s, int m)
{
	const struct hla_plan *plan = &s->plan;
	const int rows = plan->width[plan->program.matrix[m].y], z = plan->program.matrix[m].z;
	const int panel = s->kernels->panel;
	s->panel_size[m] = (ptrdiff_t)rows * panel;
	s->column_at[m] = (plan->width[z] + panel - 1) / panel * s->panel_size[m];
	/* A column is a row of whole vectors. */
	s->size[m] = s->column_at[m] + (plan->wide[z] ? (rows + panel - 1) / panel * panel : 0);
}

static bool is_mixed(const struct hla_session *s)
{
	return s->kernels == hla_kernels_of(s->isa, HLA_MIXED_PRECISION);
}

static void lay_out_matrix(struct hla_session *s, struct arena *arena, int m, struct hla_matrix *matrix)
{
	const bool mixed = is_mixed(s);
	const size_t size = (size_t)s->size[m];
	struct hla_matrix parts = {.values = take(arena, size, (size_t)s->kernels->element)};
	if (mixed)
		parts.kept = take(arena, size, sizeof(double));
	if (mixed && s->plan.is_read[m])
		parts.base = take(arena, size, sizeof(float));
	if (arena->start)
		*matrix = parts;
}

static void lay_out_powers(struct hla_session *s, struct arena *arena, struct hla_powers *powers)
{
	const size_t tokens = (size_t)s->kernels->tokens, element = (size_t)s->kernels->element;
	struct hla_powers parts = {.exact = take(arena, (size_t)s->kernels->span + 1, sizeof(double))};
	parts.each = take(arena, tokens, element);
	parts.of_reads = take(arena, tokens + 1, element);
	parts.of_y = take(arena, tokens, element);
	parts.of_both = take(arena, tokens, element);
	if (arena->start)
		*powers = parts;
}

static void lay_out(struct hla_session *s, struct arena *arena, const double *decay)
{
	const struct hla_plan *plan = &s->plan;
	const int matrices = plan->program.matrix_count;
	s->matrix = take(arena, (size_t)s->heads * (size_t)matrices, sizeof *s->matrix);
	s->powers = take(arena, (size_t)s->heads * (size_t)plan->power_count, sizeof *s->powers);
	s->decay = take(arena, (size_t)s->heads, sizeof *s->decay);
	s->product = take(arena, (size_t)s->heads, sizeof *s->product);
	s->products = take(arena, (size_t)team_size(s) * (HLA_BATCH + 1), sizeof *s->products);
	for (int h = 0; arena->start && h < s->heads; h++) {
		s->decay[h] = decay[h];
		s->product[h] = 1;
	}
	lay_out_signals(s, arena);
	for (int m = 0; m < matrices; m++)
		measure_matrix(s, m);
	for (int h = 0; h < s->heads; h++) {
		for (int m = 0; m < matrices; m++) {
			const int owner = hla_first_sharing(s, decay, h, m);
			if (owner == h)
				lay_out_matrix(s, arena, m, arena->start ? hla_matrix_of(s, h, m) : NULL);
			else if (arena->start)
				*hla_matrix_of(s, h, m) = *hla_matrix_of(s, owner, m);
		}
		for (int i = 0; i < plan->power_count; i++)
			lay_out_powers(s, arena, arena->start ? hla_powers_of(s, h, i) : NULL);
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
	*problem = hla_plan_program(&s->plan, &settings->program, settings->d, settings->dv, settings->normalize,
			settings->gated);
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
	s->gated = settings->gated;
	s->scale = settings->scale;
	s->epsilon = settings->epsilon;

	struct arena arena = {0};
	lay_out(s, &arena, settings->decay);
	if (!arena.overflow)
		arena.start = s->arena = aligned_alloc(LINE, arena.used);
	if (!arena.start) {
		free(s);
		return HLA_OUT_OF_MEMORY;
	}
	memset(s->arena, 0, arena.used);
	arena.used = 0;
	lay_out(s, &arena, settings->decay);
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

static bool puts_off(const struct hla_powers *powers) { return powers->decays && !powers->at_each; }

static bool puts_any_off(const struct hla_session *s)
{
	for (int i = 0; i < s->heads * s->plan.power_count; i++)
		if (puts_off(&s->powers[i]))
			return true;
	return false;
}

int hla_tokens_of_batch(const struct hla_session *s)
{
	return is_mixed(s) || !puts_any_off(s) ? 0 : (int)(s->since % s->kernels->tokens);
}

double hla_put_off(const struct hla_session *s, int head, int matrix)
{
	const struct hla_powers *powers = hla_powers_of(s, head, s->plan.power_of[matrix]);
	return puts_off(powers) ? powers->exact[hla_tokens_of_batch(s)] : 1;
}

bool hla_resume(struct hla_session *s, int tokens)
{
	if (tokens < 0 || tokens >= s->kernels->tokens || is_mixed(s))
		return false;
	s->since = tokens;
	return true;
}

double hla_product(const struct hla_session *s, int head)
{
	if (s->gated || s->plan.weighs)
		return s->product[head];
	/* The decay to the number of tokens, square by square. */
	const uint64_t before = hla_flush_denormals();
	double product = 1, power = s->decay[head];
	for (int64_t left = s->tokens; left > 0; left /= 2, power *= power)
		if (left % 2)
			product *= power;
	hla_restore_denormals(before);
	return product;
}
