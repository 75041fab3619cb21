/*
 * Runs the plan of a program over batches of tokens. Compiled once for each instruction set and precision, see
 * hla_vector.h.
 */
#include "hla_rows.h"
#include "hla_session.h"
#include "hla_tiles.h"

/* What a block of a batch needs to know: `first` is its first token in the batch. */
struct block {
	struct hla_session *s;
	int head, first, tokens;
	int since_fold;
};

static real *row(const struct hla_session *s, int signal, int token)
{
	return (real *)s->signal[signal].rows + token * s->signal[signal].stride;
}

static real *turned(const struct hla_session *s, int signal, int token)
{
	return (real *)s->signal[signal].turned + (ptrdiff_t)token * ((s->plan.width[signal] + 15) / 16 * 16);
}

static const real *powers(const struct hla_session *s, int head, int decay)
{
	return hla_powers_of(s, head, decay)->rounded;
}

static int vectors_of(int width) { return (width + LANES - 1) / LANES; }

static void run_product(const struct block *b, int index)
{
	const struct hla_session *s = b->s;
	const int x = s->plan.product[index].x, y = s->plan.product[index].y;
	product(s->weights[index], turned(s, x, b->first), row(s, y, b->first), s->signal[y].stride, s->plan.width[x],
			powers(s, b->head, s->plan.product[index].decay) - s->plan.product[index].strict, b->tokens);
}

static void run_read(const struct block *b, int index)
{
	const struct hla_session *s = b->s;
	const int m = s->plan.program.read[index].matrix, x = s->plan.program.read[index].x;
	const int z = s->plan.program.matrix[m].z, decay = s->plan.program.matrix[m].decay, out = HLA_FIRST_READ + index;
	const struct hla_matrix *matrix = hla_matrix_of(s, b->head, m);
	const struct read r = {
		.out = row(s, out, b->first), .out_stride = s->signal[out].stride,
		.x = turned(s, x, b->first), .width = s->plan.width[x],
		.matrix = matrix->values, .stride = s->matrix_stride[m], .vectors = vectors_of(s->plan.width[z]),
		.base = (const real *)matrix->base, .grow = (real)hla_powers_of(s, b->head, decay)->exact[b->since_fold],
		.weights = s->weights[s->plan.product_of[index]],
		.z = row(s, z, b->first), .z_stride = s->signal[z].stride,
		.power = powers(s, b->head, decay) + !s->plan.program.read[index].strict, .tokens = b->tokens,
	};
	read(&r);
	if (s->plan.wide[z])
		read_column((real *)s->signal[out].column + b->first, r.x, matrix->column, r.width, r.weights,
				(const real *)s->signal[z].column + b->first, r.power, b->tokens);
}

/* Adds `tokens` tokens of the batch to a matrix. */
static void run_update(const struct block *b, int m)
{
	const struct hla_session *s = b->s;
	const int y = s->plan.program.matrix[m].y, z = s->plan.program.matrix[m].z;
	const int decay = s->plan.program.matrix[m].decay;
	const double total = hla_powers_of(s, b->head, decay)->exact[b->tokens];
	const struct hla_matrix *matrix = hla_matrix_of(s, b->head, m);
	const real *left = row(s, y, b->first);
	if (decay && s->decay[b->head] != 1) {
		fade(s->faded, left, s->signal[y].stride, s->plan.width[y], b->tokens, powers(s, b->head, decay));
		left = s->faded;
	}
	const struct update u = {
		.matrix = matrix->values, .stride = s->matrix_stride[m], .vectors = vectors_of(s->plan.width[z]),
		.y = left, .y_stride = s->signal[y].stride, .width = s->plan.width[y],
		.z = row(s, z, b->first), .z_stride = s->signal[z].stride, .tokens = b->tokens,
		.decay = (real)total,
	};
	update(&u);
	if (s->plan.wide[z])
		update_column(matrix->kept_column, matrix->column, left, u.y_stride,
				(const real *)s->signal[z].column + b->first, u.width, b->tokens, (exact)total);
}

static void run_block(const struct block *b)
{
	const struct hla_plan *plan = &b->s->plan;
	for (int i = 0; i < plan->step_count; i++) {
		const int index = plan->step[i].index;
		switch (plan->step[i].action) {
		case HLA_TURN:
			turn(turned(b->s, index, b->first), row(b->s, index, b->first), b->s->signal[index].stride,
					plan->width[index]);
			break;
		case HLA_PRODUCT:
			run_product(b, index);
			break;
		case HLA_READ:
			run_read(b, index);
			break;
		case HLA_UPDATE:
			run_update(b, index);
			break;
		}
	}
}

/* Mixed precision: moves the changes since the last fold into the double matrices, and rounds these for reads. */
static void fold(struct hla_session *s, int head, int since_fold)
{
	for (int m = 0; HLA_MIXED && m < s->plan.program.matrix_count; m++) {
		const struct hla_matrix *matrix = hla_matrix_of(s, head, m);
		const double decay = hla_powers_of(s, head, s->plan.program.matrix[m].decay)->exact[since_fold];
		const ptrdiff_t area = hla_matrix_rows(s, m) * s->matrix_stride[m];
		real *change = matrix->values;
		double *kept = matrix->kept;
		for (ptrdiff_t i = 0; i < area; i++)
			kept[i] = decay * kept[i] + (double)change[i];
		if (matrix->base)
			for (ptrdiff_t i = 0; i < area; i++)
				matrix->base[i] = (float)kept[i];
		memset(change, 0, (size_t)area * sizeof *change);
	}
}

static void emit_batch(const struct hla_session *s, int tokens, real *o, ptrdiff_t stride)
{
	struct term terms[HLA_MAX_TERMS];
	const struct hla_program *program = &s->plan.program;
	for (int i = 0; i < program->term_count; i++) {
		const struct hla_signal *signal = &s->signal[program->term[i].signal];
		terms[i] = (struct term){signal->rows, signal->column, signal->stride, (real)program->term[i].coefficient};
	}
	emit(o, stride, terms, program->term_count, s->dv, tokens, (real)s->epsilon);
}

/* All heads of one group of KV heads over one batch: k and v are packed once for them. */
static void run_batch(struct hla_session *s, int group, int tokens, int since_fold, const real *q, const real *k,
		const real *v, real *o)
{
	const int d = s->d, dv = s->dv, heads = s->heads / s->kv_heads;
	pack(row(s, HLA_KEY, 0), s->signal[HLA_KEY].stride, k + (ptrdiff_t)group * d, (ptrdiff_t)s->kv_heads * d, d, tokens,
			1, s->feature_map);
	pack(row(s, HLA_VALUE, 0), s->signal[HLA_VALUE].stride, v + (ptrdiff_t)group * dv, (ptrdiff_t)s->kv_heads * dv, dv,
			tokens, 1, HLA_IDENTITY);
	for (int head = group * heads; head < (group + 1) * heads; head++) {
		pack(row(s, HLA_QUERY, 0), s->signal[HLA_QUERY].stride, q + (ptrdiff_t)head * d, (ptrdiff_t)s->heads * d, d,
				tokens, (real)s->scale, s->feature_map);
		int fold_at = since_fold;
		if (HLA_MIXED && since_fold + tokens > HLA_SPAN) {
			fold(s, head, since_fold);
			fold_at = 0;
		}
		struct block b = {.s = s, .head = head, .since_fold = fold_at};
		for (; b.first < tokens; b.first += b.tokens, b.since_fold += HLA_MIXED ? b.tokens : 0) {
			b.tokens = tokens - b.first < TOKENS ? tokens - b.first : TOKENS;
			run_block(&b);
		}
		b.first = 0;
		b.tokens = tokens;
		for (int m = 0; m < s->plan.program.matrix_count; m++)
			if (!s->plan.is_read[m])
				run_update(&b, m);
		if (o)
			emit_batch(s, tokens, o + (ptrdiff_t)head * dv, (ptrdiff_t)s->heads * dv);
	}
}

static int advance(int since_fold, int tokens)
{
	if (!HLA_MIXED)
		return 0;
	return since_fold + tokens > HLA_SPAN ? tokens : since_fold + tokens;
}

static void process(struct hla_session *s, int n, const void *q, const void *k, const void *v, void *o)
{
	const ptrdiff_t q_row = (ptrdiff_t)s->heads * s->d, k_row = (ptrdiff_t)s->kv_heads * s->d;
	const ptrdiff_t v_row = (ptrdiff_t)s->kv_heads * s->dv, o_row = (ptrdiff_t)s->heads * s->dv;
	int since_fold = s->since_fold;
	for (int group = 0; group < s->kv_heads; group++) {
		since_fold = s->since_fold;
		for (int t = 0; t < n; t += HLA_BATCH) {
			const int tokens = n - t < HLA_BATCH ? n - t : HLA_BATCH;
			run_batch(s, group, tokens, since_fold, (const real *)q + t * q_row, (const real *)k + t * k_row,
					(const real *)v + t * v_row, o ? (real *)o + t * o_row : NULL);
			since_fold = advance(since_fold, tokens);
		}
	}
	s->since_fold = since_fold;
}

static void prepare(struct hla_session *s, int head)
{
	for (int e = 0; e <= HLA_MAX_DECAY; e++) {
		if (!s->plan.decays[e])
			continue;
		const struct hla_powers *p = hla_powers_of(s, head, e);
		for (int i = 0; i <= HLA_SPAN; i++)
			p->exact[i] = pow(s->decay[head], (double)e * i);
		for (int i = 0; i < 2 * HLA_BATCH; i++)
			((real *)p->rounded)[i] = (real)p->exact[i];
	}
	for (int z = 0; z < HLA_FIRST_READ; z++)
		for (int t = 0; t < HLA_BATCH && s->plan.wide[z]; t++)
			((real *)s->signal[z].column)[t] = 1;
}

static void set_matrix(struct hla_session *s, int head, int m, const double *values)
{
	const struct hla_matrix *matrix = hla_matrix_of(s, head, m);
	const int rows = hla_matrix_rows(s, m), width = s->plan.width[s->plan.program.matrix[m].z];
	for (int h = 0; HLA_MIXED && s->since_fold && h < s->heads; h++)
		fold(s, h, s->since_fold);
	s->since_fold = 0;
	for (int i = 0; i < rows; i++) {
		const ptrdiff_t at = i * s->matrix_stride[m];
		for (int j = 0; j < width; j++) {
			const double value = *values++;
			((real *)matrix->values)[at + j] = HLA_MIXED ? 0 : (real)value;
			if (HLA_MIXED)
				matrix->kept[at + j] = value;
			if (matrix->base)
				matrix->base[at + j] = (float)value;
		}
		if (matrix->column) {
			((exact *)matrix->kept_column)[i] = (exact)*values;
			((real *)matrix->column)[i] = (real)*values++;
		}
	}
}

static void get_matrix(const struct hla_session *s, int head, int m, double *values)
{
	const struct hla_matrix *matrix = hla_matrix_of(s, head, m);
	const int rows = hla_matrix_rows(s, m), width = s->plan.width[s->plan.program.matrix[m].z];
	const double decay = hla_powers_of(s, head, s->plan.program.matrix[m].decay)->exact[s->since_fold];
	for (int i = 0; i < rows; i++) {
		const ptrdiff_t at = i * s->matrix_stride[m];
		for (int j = 0; j < width; j++) {
			const double change = (double)((const real *)matrix->values)[at + j];
			*values++ = HLA_MIXED ? decay * matrix->kept[at + j] + change : change;
		}
		if (matrix->column)
			*values++ = (double)((const exact *)matrix->kept_column)[i];
	}
}

#define HLA_TABLE_(isa, precision) hla_kernels_##isa##_##precision
#define HLA_TABLE(isa, precision) HLA_TABLE_(isa, precision)
const struct hla_kernels HLA_TABLE(HLA_ISA, HLA_PRECISION) = {
	.element = sizeof(real), .tokens = TOKENS,
	.prepare = prepare, .process = process, .set_matrix = set_matrix, .get_matrix = get_matrix,
};
