/*
 * Runs the plan of a program over batches of tokens. Compiled once for each instruction set and precision, see
 * hla_vector.h.
 */
#include "hla_features.h"
#include "hla_rows.h"
#include "hla_session.h"
#include "hla_state.h"
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
		.matrix = matrix->values, .panel_size = s->panel_size[m], .vectors = vectors_of(s->plan.width[z]),
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
	ptrdiff_t left_stride = s->signal[y].stride;
	if (decay && s->decay[b->head] != 1) {
		fade(s->faded, s->faded_stride, left, left_stride, s->plan.width[y], b->tokens, powers(s, b->head, decay));
		left = s->faded;
		left_stride = s->faded_stride;
	}
	const struct update u = {
		.matrix = matrix->values, .panel_size = s->panel_size[m], .vectors = vectors_of(s->plan.width[z]),
		.y = left, .y_stride = left_stride, .width = s->plan.width[y],
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

/* Rows that kernels can take where the caller has them: whole aligned vectors, and not far apart for the cache. */
static bool in_place(const void *rows, ptrdiff_t stride, int width, int tokens)
{
	return width % 16 == 0 && tokens % TOKENS == 0 && (uintptr_t)rows % HLA_VECTOR_BYTES == 0
		&& stride * (ptrdiff_t)sizeof(real) <= 1024;
}

static void enter(struct hla_session *s, int index, const real *from, ptrdiff_t stride, int tokens, double scale,
		enum hla_feature_map map)
{
	struct hla_signal *signal = &s->signal[index];
	const int width = s->plan.width[index];
	if (scale == 1 && map == HLA_IDENTITY && in_place(from, stride, width, tokens)) {
		signal->rows = (void *)from;
		signal->stride = stride;
		return;
	}
	signal->rows = signal->scratch;
	signal->stride = signal->scratch_stride;
	pack(signal->rows, signal->stride, from, stride, width, tokens, (real)scale, map);
}

/* Lets the only term of the output be computed right where the caller wants it, if it can be. */
static bool place_output(struct hla_session *s, real *o, ptrdiff_t stride, int tokens)
{
	const struct hla_program *program = &s->plan.program;
	if (program->term_count != 1 || program->term[0].coefficient != 1 || program->term[0].signal < HLA_FIRST_READ)
		return false;
	struct hla_signal *signal = &s->signal[program->term[0].signal];
	const bool placed = o && !signal->column && in_place(o, stride, s->dv, tokens);
	signal->rows = placed ? o : signal->scratch;
	signal->stride = placed ? stride : signal->scratch_stride;
	return placed;
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
	enter(s, HLA_KEY, k + (ptrdiff_t)group * d, (ptrdiff_t)s->kv_heads * d, tokens, 1, s->feature_map);
	enter(s, HLA_VALUE, v + (ptrdiff_t)group * dv, (ptrdiff_t)s->kv_heads * dv, tokens, 1, HLA_IDENTITY);
	for (int head = group * heads; head < (group + 1) * heads; head++) {
		enter(s, HLA_QUERY, q + (ptrdiff_t)head * d, (ptrdiff_t)s->heads * d, tokens, s->scale, s->feature_map);
		real *out = o ? o + (ptrdiff_t)head * dv : NULL;
		const bool placed = place_output(s, out, (ptrdiff_t)s->heads * dv, tokens);
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
		if (o && !placed)
			emit_batch(s, tokens, out, (ptrdiff_t)s->heads * dv);
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
		/* Each power is the product of two of half its exponent, which rounds only log2 i times. */
		const int count = HLA_MIXED ? HLA_SPAN : HLA_BATCH;
		p->exact[0] = 1;
		p->exact[1] = e == 0 ? 1 : pow(s->decay[head], e);
		for (int i = 2; i <= count; i++)
			p->exact[i] = p->exact[i / 2] * p->exact[i - i / 2];
		for (int i = 0; i <= HLA_BATCH; i++)
			((real *)p->rounded)[i] = (real)p->exact[i];
	}
	for (int z = 0; z < HLA_FIRST_READ; z++)
		for (int t = 0; t < HLA_BATCH && s->plan.wide[z]; t++)
			((real *)s->signal[z].column)[t] = 1;
}

static double peak(long turns)
{
	/* Enough to hide the latency of four cycles on two units, with registers to spare. */
	enum { CHAINS = 12 };
	vec chain[CHAINS];
	const vec factor = splat((real)0.5), term = splat((real)0.25);
	UNROLL for (int i = 0; i < CHAINS; i++)
		chain[i] = splat((real)i);
	for (long turn = 0; turn < turns; turn++)
		UNROLL for (int i = 0; i < CHAINS; i++) {
			chain[i] = mul_add(chain[i], factor, term);
			KEEP_IN_REGISTER(chain[i]);
		}
	return 2.0 * CHAINS * LANES * (double)turns;
}

#define HLA_TABLE_(isa, precision) hla_kernels_##isa##_##precision
#define HLA_TABLE(isa, precision) HLA_TABLE_(isa, precision)
const struct hla_kernels HLA_TABLE(HLA_ISA, HLA_PRECISION) = {
	.element = sizeof(real), .tokens = TOKENS, .panel = PANEL,
	.prepare = prepare, .process = process, .set_matrix = set_matrix, .get_matrix = get_matrix, .peak = peak,
};
