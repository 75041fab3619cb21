/*
 * Runs the plan of a program over batches of tokens. Compiled once for each instruction set and precision, see
 * hla_vector.h.
 */
#include "hla_column.h"
#include "hla_denormals.h"
#include "hla_features.h"
#include "hla_floats.h"
#include "hla_rows.h"
#include "hla_session.h"
#include "hla_state.h"
#include "hla_sweep.h"

enum { SPAN = HLA_MIXED ? HLA_SPAN : SWEEP_TOKENS };

/* Query heads of one KV head that go through a batch side by side, so that one sweep over a matrix of theirs serves all. */
struct team {
	int head, count;
	bool last;   /* no later team has its shared matrices */
};

static real *rows_of(const struct hla_session *s, int signal, int member)
{
	return (real *)s->signal[signal].rows + member * s->signal[signal].gap;
}

static real *column_of(const struct hla_session *s, int signal, int member)
{
	const struct hla_signal *of = &s->signal[signal];
	return of->column ? (real *)of->column + member * of->column_gap : NULL;
}

static double power_of(double g, int exponent)
{
	double power = 1;
	for (int i = 0; i < exponent; i++)
		power *= g;
	return power;
}

static double *products_of(const struct hla_session *s, int member) { return s->products + member * (HLA_BATCH + 1); }

static int vectors_of(int width) { return (width + LANES - 1) / LANES; }

/* Appends the reads of a step that are strict, or those that are not, from a member of a team on. */
static int add_readers(const struct hla_session *s, const struct hla_step *step, bool strict, int member,
		struct reader *readers)
{
	int added = 0;
	for (int i = step->first; i < step->first + step->count; i++) {
		const int read = s->plan.order[i], x = s->plan.program.derived[read].x, out = HLA_FIRST_DERIVED + read;
		if (s->plan.program.derived[read].strict == strict)
			readers[added++] = (struct reader){
				.x = rows_of(s, x, member), .x_stride = s->signal[x].stride, .x_gap = s->signal[x].gap,
				.out = rows_of(s, out, member), .out_stride = s->signal[out].stride, .out_gap = s->signal[out].gap,
				.column = column_of(s, out, member), .column_gap = s->signal[out].column_gap};
	}
	return added;
}

/*
 * Weights y, so that the matrix itself decays once in a batch. Where z is the same, both have half of the weight: the two
 * sides of the diagonal are the same bits then.
 */
static void weigh_update(const struct hla_session *s, const struct hla_powers *powers, struct sweep *w, int phase, bool both)
{
	const real *weights = (const real *)(both ? powers->of_both : powers->of_y) + phase;
	weigh(s->weighted_y, s->weighted_stride, w->y, w->y_stride, w->rows, w->tokens, weights);
	w->y = s->weighted_y;
	w->y_stride = s->weighted_stride;
	if (both) {
		w->z = w->y;
		w->z_stride = w->y_stride;
	}
}

static enum decay decay_in_sweep(const struct hla_session *s, const struct hla_powers *powers)
{
	if (!powers->decays)
		return NO_DECAY;
	return s->gated ? GATED_DECAY : powers->at_each ? CONSTANT_DECAY : PUT_OFF_DECAY;
}

/* Sweeps over the matrix that `count` members of a team have in common. */
static void run_sweep(const struct hla_session *s, const struct team *team, const struct hla_step *step, int member,
		int count, bool keep, int tokens)
{
	const int m = step->matrix, y = s->plan.program.matrix[m].y, z = s->plan.program.matrix[m].z;
	const struct hla_matrix *matrix = hla_matrix_of(s, team->head + member, m);
	const struct hla_powers *powers = powers_of_matrix(s, team->head + member, m);
	const int phase = (int)(s->since % SWEEP_TOKENS);
	const enum decay decays = decay_in_sweep(s, powers);
	real *const values = matrix->values;
	const real *const base = (const real *)matrix->base;
	struct reader readers[HLA_MAX_DERIVED];
	const int strict = add_readers(s, step, true, member, readers);
	const int inclusive = add_readers(s, step, false, member, readers + strict);
	/* All fields: for one that is left out gcc clears the whole first, which shows in calls of one token. */
	struct sweep w = {
		.values = values, .base = base, .panel_size = s->panel_size[m],
		.y = rows_of(s, y, member), .y_stride = s->signal[y].stride, .rows = s->plan.width[y],
		.z = rows_of(s, z, member), .z_stride = s->signal[z].stride, .vectors = vectors_of(s->plan.width[z]),
		.triangle = hla_is_triangle(s, m),
		.tokens = tokens, .readers = readers, .strict_count = strict, .reader_count = strict + inclusive, .heads = count,
		.factor = 1, .decays = decays, .decay = powers->each, .weight = (const real *)powers->of_reads + phase, .keep = keep,
		.grow = HLA_MIXED ? powers->exact + s->since + (decays_at_each(decays) ? 1 : -phase) : NULL,
		.column_values = values + s->column_at[m], .column_base = base ? base + s->column_at[m] : NULL,
		.z_column = column_of(s, z, member),
	};
	if (decays == PUT_OFF_DECAY) {
		w.factor = phase || !s->since ? 1 : (real)powers->exact[SWEEP_TOKENS];
		weigh_update(s, powers, &w, phase, y == z && !s->plan.wide[z]);
	}
	sweep(&w);
	if (s->plan.wide[z])
		sweep_column(&w);
}

/* A signal of all members of a team, each token times its weight, and what the column of ones has become. */
static void run_weighting(const struct hla_session *s, const struct team *team, int derived, int tokens)
{
	const int x = s->plan.program.derived[derived].x, out = HLA_FIRST_DERIVED + derived;
	for (int member = 0; member < team->count; member++) {
		const double *product = products_of(s, member) + !s->plan.program.derived[derived].strict;
		real weight[SWEEP_TOKENS], *column = column_of(s, out, member);
		for (int t = 0; t < tokens; t++) {
			weight[t] = (real)power_of(product[t], s->plan.program.derived[derived].power);
			if (column)
				column[t] = weight[t] * column_of(s, x, member)[t];
		}
		weigh(rows_of(s, out, member), s->signal[out].stride, rows_of(s, x, member), s->signal[x].stride, s->plan.width[x],
				tokens, weight);
	}
}

static void run_step(const struct hla_session *s, const struct team *team, const struct hla_step *step, int tokens)
{
	if (step->matrix == HLA_WEIGHTED) {
		run_weighting(s, team, s->plan.order[step->first], tokens);
		return;
	}
	if (s->plan.shared[step->matrix]) {
		run_sweep(s, team, step, 0, team->count, step->last && team->last, tokens);
		return;
	}
	for (int member = 0; member < team->count; member++)
		run_sweep(s, team, step, member, 1, step->last, tokens);
}

/* The decays of the tokens of a batch, for a member of a team: their products, and with gates their powers. */
static void enter_decays(const struct hla_session *s, const struct team *team, int member, int tokens, const double *gate)
{
	const int head = team->head + member;
	double *product = products_of(s, member), decay[SWEEP_TOKENS];
	product[0] = s->product[head];
	for (int t = 0; t < tokens; t++) {
		decay[t] = s->gated ? gate[(ptrdiff_t)t * s->heads + head] * s->decay[head] : s->decay[head];
		product[t + 1] = product[t] * decay[t];
	}
	s->product[head] = product[tokens];
	for (int i = 0; s->gated && i < s->plan.power_count; i++) {
		const struct hla_powers *p = hla_powers_of(s, head, i);
		for (int t = 0; t < tokens; t++) {
			const double g = power_of(decay[t], s->plan.power[i]);
			((real *)p->each)[t] = (real)g;
			if (HLA_MIXED)
				p->exact[s->since + t + 1] = p->exact[s->since + t] * g;
		}
	}
}

/* Rows that sweeps can take where the caller has them: not far apart for the cache. */
static bool in_place(ptrdiff_t stride) { return stride * (ptrdiff_t)sizeof(real) <= IN_PLACE_BYTES; }

static bool widens(const struct hla_rows *rows) { return !HLA_SINGLE && !rows->double_input; }

/* Takes the rows of some heads. `floats`: from rows of float, which float64 copies. */
static void enter(struct hla_session *s, int index, const void *rows, bool floats, int head, ptrdiff_t stride, int heads,
		int tokens, double scale, enum hla_feature_map map)
{
	struct hla_signal *signal = &s->signal[index];
	const int width = s->plan.width[index];
	const ptrdiff_t first = (ptrdiff_t)head * width;
	if (scale == 1 && map == HLA_IDENTITY && !floats && in_place(stride)) {
		signal->rows = (real *)rows + first;
		signal->stride = stride;
		signal->gap = width;
		return;
	}
	signal->rows = signal->scratch;
	signal->stride = signal->scratch_stride;
	signal->gap = signal->scratch_gap;
	for (int i = 0; i < heads; i++) {
		real *to = rows_of(s, index, i);
		if (floats)
			widen_rows((void *)to, signal->stride, (const float *)rows + first + i * width, stride, width, tokens);
		if (!floats)
			pack(to, signal->stride, (const real *)rows + first + i * width, stride, width, tokens, (real)scale, map);
		else if (scale != 1 || map != HLA_IDENTITY)
			pack(to, signal->stride, to, signal->stride, width, tokens, (real)scale, map);
	}
}

/* Whether the output is a signal that sweeps compute. */
static bool has_plain_output(const struct hla_session *s)
{
	const struct hla_program *program = &s->plan.program;
	const int signal = program->term[0].signal;
	return program->term_count == 1 && program->term[0].coefficient == 1 && signal >= HLA_FIRST_DERIVED
		&& !s->signal[signal].column;
}

/* Lets such an output be computed right where the caller wants it, if it can be. */
static bool place_output(struct hla_session *s, real *o, ptrdiff_t stride)
{
	if (!has_plain_output(s))
		return false;
	struct hla_signal *signal = &s->signal[s->plan.program.term[0].signal];
	/* Sweeps write whole vectors. */
	const bool placed = o && s->dv % LANES == 0 && in_place(stride);
	signal->rows = placed ? o : signal->scratch;
	signal->stride = placed ? stride : signal->scratch_stride;
	signal->gap = placed ? s->dv : signal->scratch_gap;
	return placed;
}

static void emit_rows(const struct hla_session *s, int member, int tokens, real *o, ptrdiff_t stride)
{
	struct term terms[HLA_MAX_TERMS];
	const struct hla_program *program = &s->plan.program;
	for (int i = 0; i < program->term_count; i++) {
		const int signal = program->term[i].signal;
		terms[i] = (struct term){rows_of(s, signal, member), column_of(s, signal, member), s->signal[signal].stride,
			(real)program->term[i].coefficient};
	}
	emit(o, stride, terms, program->term_count, s->dv, tokens, (real)s->epsilon);
}

/* Outputs of the members of a team in float, where there is more to do by way of scratch that no sweep needs any more. */
static void emit_floats(const struct hla_session *s, const struct team *team, int tokens, float *o, ptrdiff_t stride)
{
	const int signal = s->plan.program.term[0].signal;
	const bool plain = has_plain_output(s);
	for (int member = 0; member < team->count; member++) {
		if (!plain)
			emit_rows(s, member, tokens, s->weighted_y, s->weighted_stride);
		narrow_rows(o + member * s->dv, stride, plain ? (void *)rows_of(s, signal, member) : s->weighted_y,
				plain ? s->signal[signal].stride : s->weighted_stride, s->dv, tokens);
	}
}

static void run_team(struct hla_session *s, const struct team *team, int tokens, const struct hla_rows *rows)
{
	const ptrdiff_t stride = (ptrdiff_t)s->heads * s->dv, first = (ptrdiff_t)team->head * s->dv;
	const bool narrows = !HLA_SINGLE && !rows->double_output;
	for (int member = 0; (s->gated || s->plan.weighs) && member < team->count; member++)
		enter_decays(s, team, member, tokens, rows->gate);
	enter(s, HLA_QUERY, rows->q, widens(rows), team->head, (ptrdiff_t)s->heads * s->d, team->count, tokens, s->scale,
			s->feature_map);
	real *o = rows->o && !narrows ? (real *)rows->o + first : NULL;
	const bool placed = place_output(s, o, stride);
	for (int i = 0; i < s->plan.step_count; i++)
		run_step(s, team, &s->plan.step[i], tokens);
	for (int member = 0; o && !placed && member < team->count; member++)
		emit_rows(s, member, tokens, o + member * s->dv, stride);
	if (rows->o && narrows)
		emit_floats(s, team, tokens, (float *)rows->o + first, stride);
}

/* As many heads from `head` on as may go side by side: those of one decay, up to `end`. */
static struct team team_from(const struct hla_session *s, int head, int end)
{
	int same = 1;
	while (head + same < end && s->decay[head + same] == s->decay[head])
		same++;
	return same > HLA_TEAM ? (struct team){head, HLA_TEAM, false} : (struct team){head, same, true};
}

/* All query heads of a KV head over one batch. */
static void run_batch(struct hla_session *s, int kv_head, int tokens, const struct hla_rows *rows)
{
	const ptrdiff_t k_stride = (ptrdiff_t)s->kv_heads * s->d, v_stride = (ptrdiff_t)s->kv_heads * s->dv;
	const int group = s->heads / s->kv_heads, end = (kv_head + 1) * group;
	enter(s, HLA_KEY, rows->k, widens(rows), kv_head, k_stride, 1, tokens, 1, s->feature_map);
	enter(s, HLA_VALUE, rows->v, widens(rows), kv_head, v_stride, 1, tokens, 1, HLA_IDENTITY);
	s->signal[HLA_KEY].gap = s->signal[HLA_VALUE].gap = 0;
	for (int head = end - group; head < end;) {
		const struct team team = team_from(s, head, end);
		run_team(s, &team, tokens, rows);
		head += team.count;
	}
}

/* All query heads of a KV head over the tokens of a call; a batch ends where the tokens since the start fill one. */
static void run_kv_head(struct hla_session *s, int kv_head, int n, const struct hla_rows *rows)
{
	const int group = s->heads / s->kv_heads;
	for (int t = 0, tokens; t < n; t += tokens) {
		const int left = SWEEP_TOKENS - (int)(s->since % SWEEP_TOKENS);
		const struct hla_rows batch = hla_rows_from(s, *rows, t);
		tokens = n - t < left ? n - t : left;
		run_batch(s, kv_head, tokens, &batch);
		s->since += tokens;
		if (HLA_MIXED && s->since == HLA_SPAN) {
			for (int head = kv_head * group; head < (kv_head + 1) * group; head++)
				settle_head(s, head);
			s->since = 0;
		}
	}
}

static void process(struct hla_session *s, int n, const struct hla_rows *rows)
{
	const uint64_t before = hla_flush_denormals();
	const int64_t since = s->since;
	for (int kv_head = 0; kv_head < s->kv_heads; kv_head++) {
		s->since = since;
		run_kv_head(s, kv_head, n, rows);
	}
	s->tokens += n;
	hla_restore_denormals(before);
}

/* Whether a weight would grow beyond 2^16: decay is then not put off to the end of a batch. */
static bool grows_far(const double *exact) { return exact[SWEEP_TOKENS] < 0x1p-16; }

static void prepare(struct hla_session *s, int head)
{
	for (int power = 0; power < s->plan.power_count; power++) {
		struct hla_powers *p = hla_powers_of(s, head, power);
		long double exact[SPAN + 1] = {1, power_of(s->decay[head], s->plan.power[power])};
		/* Each power is the product of two of half its exponent, which rounds only log2 i times, and once more as a double. */
		for (int i = 2; i <= SPAN; i++)
			exact[i] = exact[i / 2] * exact[i - i / 2];
		for (int i = 0; i <= SPAN; i++)
			p->exact[i] = (double)exact[i];
		p->decays = s->gated ? s->plan.power[power] > 0 : p->exact[1] != 1;
		p->at_each = s->gated || grows_far(p->exact);
		for (int i = 0; i < SWEEP_TOKENS; i++)
			((real *)p->each)[i] = (real)p->exact[1];
		const bool puts_off = p->decays && !p->at_each;
		for (int i = 0; i <= SWEEP_TOKENS && puts_off; i++)
			((real *)p->of_reads)[i] = (real)p->exact[i];
		for (int i = 0; i < SWEEP_TOKENS && puts_off; i++) {
			const long double inverse = 1 / exact[i + 1];
			((real *)p->of_y)[i] = (real)inverse;
			((real *)p->of_both)[i] = (real)__builtin_sqrt((double)inverse);
		}
	}
	for (int z = 0; z < HLA_FIRST_DERIVED; z++)
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
	.element = sizeof(real), .tokens = SWEEP_TOKENS, .span = SPAN, .panel = PANEL,
	.prepare = prepare, .process = process, .set_matrix = set_matrix, .get_matrix = get_matrix, .peak = peak,
};
