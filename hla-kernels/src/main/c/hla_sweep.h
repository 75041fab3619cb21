/*
 * The one primitive: a sweep over one matrix. A tile of the matrix, rows x vectors, stays in registers while a batch of
 * tokens goes by; each token's update is added to it, and each token's reads are taken from it, in the order of tokens.
 *
 *   strict reads:      out_t = x_t^T M
 *   update:            M <- decay M + y_t z_t^T
 *   inclusive reads:   out_t = x_t^T M
 *
 * Every element of M and of out is a sum in one fixed order, wherever batches begin and end. Rows of tokens are row-major
 * with any stride. A matrix is stored as panels of PANEL columns, each row after row, so that a sweep walks through memory
 * in a straight line: element (i, j) stands at (j / PANEL) panel_size + i PANEL + j % PANEL.
 */
#ifndef HLA_SWEEP_H
#define HLA_SWEEP_H

#include "hla_vector.h"

/*
 * Of the matrix at each token: not at all, by one number, or by a number of the token. Where decay is put off, it is the rows
 * of y and what is read that have weights.
 */
enum decay { NO_DECAY, CONSTANT_DECAY, GATED_DECAY, PUT_OFF_DECAY };

/* A read of the program, for all heads that have the matrix: each stands a gap behind the one before. */
struct reader {
	const real *x;
	real *out, *column;  /* column: what the column of ones becomes, one number for each token */
	ptrdiff_t x_stride, x_gap, out_stride, out_gap, column_gap;
};

struct sweep {
	real *values;
	const real *base;    /* mixed: reads see values + grow base */
	const real *y, *z;
	ptrdiff_t panel_size, y_stride, z_stride;
	int rows, vectors, tokens;
	bool triangle;       /* nothing reads it, and below its diagonal it is as above: rows end with the diagonal of a panel */
	const struct reader *readers; /* the strict ones first */
	int strict_count, reader_count, heads;
	real factor;         /* the matrix is multiplied by it in front of the first token */
	enum decay decays;
	const real *decay;   /* and by these at the tokens, or by the first at each */
	const real *weight;  /* put off: [t + 1] multiplies the inclusive reads of token t, [t] its strict ones */
	/* Mixed: if it decays at each token, [t] is for the inclusive reads of token t, [t - 1] for its strict ones; else [0] for all. */
	const double *grow;
	bool keep;           /* store the matrix behind the last token */
	real *column_values; /* the column of ones, for sweep_column */
	const real *column_base, *z_column;
};

typedef vec tile[MOST_ROWS][TILE_VECTORS];

/* A tile that a sweep is at. The compiler knows its rows, vectors and decay. */
struct place {
	ptrdiff_t panel;
	int row, rows, vectors;
	enum decay decays;
};

INLINE bool decays_at_each(enum decay decays) { return decays == CONSTANT_DECAY || decays == GATED_DECAY; }

/* Of the reads of one token: the decay of what they find, and in the mixed precision that of the base. */
struct read_factors {
	real weight, grow;
};

/* out = from + weight x^T (m + grow base), in as many sums as the table of sizes has for the width. */
INLINE void read_tile(const struct place *p, tile m, tile base, const struct read_factors *factors, const real *x,
		const real *from, real *out)
{
	enum { MOST_SUMS = 2 };
	vec sum[MOST_SUMS][TILE_VECTORS];
	const int sums = p->rows == 1 ? 1 : p->vectors == 1 ? MOST_SUMS : READ_SUMS;
	const bool weighs = p->decays == PUT_OFF_DECAY;
	UNROLL for (int c = 0; c < p->vectors; c++) {
		sum[0][c] = weighs ? (vec){0} : load(from + c * LANES);
		if (sums > 1)
			sum[1][c] = (vec){0};
	}
	UNROLL for (int r = 0; r < p->rows; r++) {
		const vec a = splat(x[r]);
		UNROLL for (int c = 0; c < p->vectors; c++) {
			const vec whole = !HLA_MIXED ? m[r][c]
				: decays_at_each(p->decays) ? mul_add(base[r][c], splat(factors->grow), m[r][c]) : m[r][c] + base[r][c];
			sum[r % sums][c] = mul_add(a, whole, sum[r % sums][c]);
		}
	}
	UNROLL for (int c = 0; c < p->vectors; c++) {
		const vec whole = sums > 1 ? sum[0][c] + sum[1][c] : sum[0][c];
		store(out + c * LANES, weighs ? mul_add(whole, splat(factors->weight), load(from + c * LANES)) : whole);
	}
}

/* One read by one head, one by a whole team, or any number. All but the last are inclusive. */
enum reading { READS_NOTHING, READS_ONCE, READS_IN_TEAM, READS_MANY };

/* Where the first tile of a panel finds what is in front of it: nothing. */
static const real NOTHING[HLA_VECTOR_BYTES / sizeof(real) * TILE_VECTORS];

/* One read from a tile at token t for one of the heads. */
INLINE void read_for(const struct place *p, tile m, tile base, const struct reader *reader, int head, ptrdiff_t t,
		const struct read_factors *factors)
{
	real *out = reader->out + head * reader->out_gap + t * reader->out_stride + p->panel * PANEL;
	read_tile(p, m, base, factors, reader->x + head * reader->x_gap + t * reader->x_stride + p->row,
			p->row ? out : NOTHING, out);
}

/* All reads of the program from one to another, for all heads. */
INLINE void read_many(const struct sweep *s, const struct place *p, tile m, tile base, int from, int to, ptrdiff_t t,
		const struct read_factors *factors)
{
	for (int i = from; i < to; i++)
		for (int head = 0; head < s->heads; head++)
			read_for(p, m, base, &s->readers[i], head, t, factors);
}

/* The factors of the reads that find token t - 1 behind them, and nothing later. */
INLINE struct read_factors factors_behind(const struct sweep *s, enum decay decays, ptrdiff_t t)
{
	return (struct read_factors){
		decays == PUT_OFF_DECAY ? s->weight[t] : 1,
		HLA_MIXED && decays_at_each(decays) ? (real)s->grow[t - 1] : 1,
	};
}

INLINE void sweep_tile(const struct sweep *s, const struct place *p, enum reading reading)
{
	const enum decay decays = p->decays;
	const bool at_each = decays_at_each(decays);
	const ptrdiff_t at = p->panel * s->panel_size + (ptrdiff_t)p->row * PANEL;
	const vec factor = splat(s->factor), constant = decays == CONSTANT_DECAY ? splat(*s->decay) : (vec){0};
	tile m, base;
	UNROLL for (int r = 0; r < p->rows; r++)
		UNROLL for (int c = 0; c < p->vectors; c++) {
			m[r][c] = load(s->values + at + r * PANEL + c * LANES) * factor;
			if (HLA_MIXED && reading != READS_NOTHING)
				base[r][c] = load(s->base + at + r * PANEL + c * LANES);
			if (HLA_MIXED && reading != READS_NOTHING && !at_each)
				base[r][c] *= splat((real)*s->grow);
		}
	const real *y = s->y + p->row, *z = s->z + p->panel * PANEL, *decay_at = s->decay;
	const ptrdiff_t y_stride = s->y_stride, z_stride = s->z_stride;
	const struct reader only = reading == READS_NOTHING ? (struct reader){0} : s->readers[0];
	for (int t = 0, tokens = s->tokens; t < tokens; t++, y += y_stride, z += z_stride) {
		const struct read_factors before = factors_behind(s, decays, t), now = factors_behind(s, decays, t + 1);
		if (reading == READS_MANY)
			read_many(s, p, m, base, 0, s->strict_count, t, &before);
		const vec decay = decays == GATED_DECAY ? splat(decay_at[t]) : constant;
		vec b[TILE_VECTORS];
		UNROLL for (int c = 0; c < p->vectors; c++)
			b[c] = load(z + c * LANES);
		UNROLL for (int r = 0; r < p->rows; r++) {
			const vec a = splat(y[r]);
			UNROLL for (int c = 0; c < p->vectors; c++)
				m[r][c] = mul_add(a, b[c], at_each ? m[r][c] * decay : m[r][c]);
		}
		if (reading == READS_ONCE)
			read_for(p, m, base, &only, 0, t, &now);
		if (reading == READS_IN_TEAM)
			UNROLL for (int head = 0; head < HLA_TEAM; head++)
				read_for(p, m, base, &only, head, t, &now);
		if (reading == READS_MANY)
			read_many(s, p, m, base, s->strict_count, s->reader_count, t, &now);
	}
	if (s->keep)
		UNROLL for (int r = 0; r < p->rows; r++)
			UNROLL for (int c = 0; c < p->vectors; c++)
				store(s->values + at + r * PANEL + c * LANES, m[r][c]);
}

/* Sweeps `rows` rows from row on; returns the row behind them. */
INLINE int sweep_rows(const struct sweep *s, ptrdiff_t panel, int row, int rows, int vectors, enum reading reading,
		enum decay decays)
{
	sweep_tile(s, &(struct place){panel, row, rows, vectors, decays}, reading);
	return row + rows;
}

/* A panel in tiles of `most` rows, its end in smaller ones: rows behind the last are never read. */
INLINE void sweep_panel(const struct sweep *s, ptrdiff_t panel, int most, int vectors, enum reading reading,
		enum decay decays)
{
	const ptrdiff_t end = (panel + 1) * PANEL;
	const int rows = reading == READS_NOTHING && s->triangle && end < s->rows ? (int)end : s->rows;
	int row = 0;
	while (rows - row >= most)
		row = sweep_rows(s, panel, row, most, vectors, reading, decays);
	if (most > 8 && vectors > 1 && rows - row >= 8)
		row = sweep_rows(s, panel, row, 8, vectors, reading, decays);
	while (most > 4 && rows - row >= 4)
		row = sweep_rows(s, panel, row, 4, vectors, reading, decays);
	if (rows - row >= 2)
		row = sweep_rows(s, panel, row, 2, vectors, reading, decays);
	if (rows - row >= 1)
		sweep_rows(s, panel, row, 1, vectors, reading, decays);
}

INLINE void sweep_panels(const struct sweep *s, enum reading reading, enum decay decays)
{
	const int whole = s->vectors / TILE_VECTORS;
	for (int panel = 0; panel < whole; panel++)
		sweep_panel(s, panel, TILE_ROWS, TILE_VECTORS, reading, decays);
	if (s->vectors % TILE_VECTORS)
		sweep_panel(s, whole, NARROW_ROWS, 1, reading, decays);
}

/* Functions of their own for profilers. */
#define SWEEP(NAME, READING, DECAYS)                                                                           \
	static __attribute__((noinline)) void NAME(const struct sweep *s) { sweep_panels(s, READING, DECAYS); }
SWEEP(update, READS_NOTHING, NO_DECAY)
SWEEP(update_decaying, READS_NOTHING, CONSTANT_DECAY)
SWEEP(update_gated, READS_NOTHING, GATED_DECAY)
SWEEP(update_and_read, READS_ONCE, NO_DECAY)
SWEEP(update_and_read_decaying, READS_ONCE, CONSTANT_DECAY)
SWEEP(update_and_read_gated, READS_ONCE, GATED_DECAY)
SWEEP(update_and_read_put_off, READS_ONCE, PUT_OFF_DECAY)
SWEEP(update_and_read_in_team, READS_IN_TEAM, NO_DECAY)
SWEEP(update_and_read_in_team_put_off, READS_IN_TEAM, PUT_OFF_DECAY)
SWEEP(update_and_read_many, READS_MANY, NO_DECAY)
SWEEP(update_and_read_many_decaying, READS_MANY, CONSTANT_DECAY)
SWEEP(update_and_read_many_gated, READS_MANY, GATED_DECAY)
SWEEP(update_and_read_many_put_off, READS_MANY, PUT_OFF_DECAY)

static void sweep(const struct sweep *s)
{
	typedef void (*function)(const struct sweep *s);
	static const function nothing[] = {update, update_decaying, update_gated, update};
	static const function once[] = {update_and_read, update_and_read_decaying, update_and_read_gated, update_and_read_put_off};
	static const function many[] = {update_and_read_many, update_and_read_many_decaying, update_and_read_many_gated,
		update_and_read_many_put_off};
	const bool one = s->reader_count == 1 && !s->strict_count;
	if (one && s->heads == HLA_TEAM && s->decays == NO_DECAY)
		update_and_read_in_team(s);
	else if (one && s->heads == HLA_TEAM && s->decays == PUT_OFF_DECAY)
		update_and_read_in_team_put_off(s);
	else
		(!s->reader_count ? nothing : one && s->heads == 1 ? once : many)[s->decays](s);
}

#endif
