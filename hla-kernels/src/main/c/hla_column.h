/*
 * The sweep over the column of ones of a matrix, the vector m <- decay m + y_t z_t with a number z_t for each token: it
 * costs a vector instead of another tile in every row. Rows are lanes here.
 */
#ifndef HLA_COLUMN_H
#define HLA_COLUMN_H

#include "hla_sweep.h"

enum { COLUMN_VECTORS = 4 };

/* Rows of the column at one place, of which the last vector may be partly behind the end. */
struct column_place {
	int row, vectors;
	mask used;
};

/* The lanes from i on, round and round. Constants: gcc 12 puts a vector of 64 bytes together lane by lane, each time. */
#define FOUR_LANES(i) i, i + 1, i + 2, i + 3
#define EIGHT_LANES(i) FOUR_LANES(i), FOUR_LANES(i + 4)
#if HLA_VECTOR_BYTES == 64 && HLA_SINGLE
#define LANES_FROM(i) ((mask){EIGHT_LANES(i), EIGHT_LANES(i + 8)})
#elif HLA_VECTOR_BYTES == 64 || (HLA_VECTOR_BYTES == 32 && HLA_SINGLE)
#define LANES_FROM(i) ((mask){EIGHT_LANES(i)})
#elif HLA_VECTOR_BYTES == 32 || HLA_SINGLE
#define LANES_FROM(i) ((mask){FOUR_LANES(i)})
#else
#define LANES_FROM(i) ((mask){i, i + 1})
#endif

INLINE mask lanes_below(int count) { return LANES_FROM(0) < count; }

/* The sum of all lanes, halves onto halves. */
INLINE real sum_of_lanes(vec v)
{
	if (LANES > 8)
		v += __builtin_shuffle(v, LANES_FROM(8));
	if (LANES > 4)
		v += __builtin_shuffle(v, LANES_FROM(4));
	if (LANES > 2)
		v += __builtin_shuffle(v, LANES_FROM(2));
	v += __builtin_shuffle(v, LANES_FROM(1));
	return v[0];
}

INLINE void read_column(const struct column_place *p, const vec *m, const vec *base,
		const struct read_factors *factors, const real *x, real *out)
{
	vec sum = {0};
	UNROLL for (int i = 0; i < p->vectors; i++) {
		const vec whole = HLA_MIXED ? mul_add(base[i], splat(factors->grow), m[i]) : m[i];
		vec product = load(x + i * LANES) * whole;
		if (i == p->vectors - 1)
			product = (vec)((mask)product & p->used);
		sum += product;
	}
	const real found = factors->weight * sum_of_lanes(sum);
	*out = p->row ? *out + found : found;
}

INLINE void read_columns(const struct sweep *s, const struct column_place *p, const vec *m, const vec *base, int from, int to,
		ptrdiff_t t, const struct read_factors *factors)
{
	for (int i = from; i < to; i++) {
		const struct reader *reader = &s->readers[i];
		for (int head = 0; head < s->heads; head++)
			read_column(p, m, base, factors, reader->x + head * reader->x_gap + t * reader->x_stride + p->row,
					reader->column + head * reader->column_gap + t);
	}
}

INLINE void sweep_column_rows(const struct sweep *s, int row, int vectors, enum reading reading, enum decay decays)
{
	const int left = s->rows - row - (vectors - 1) * LANES;
	const struct column_place p = {row, vectors, lanes_below(left)};
	const bool at_each = decays_at_each(decays);
	const struct reader only = reading == READS_ONCE ? s->readers[0] : (struct reader){0};
	const real *y = s->y + row, *x = reading == READS_ONCE ? only.x + row : NULL;
	vec m[COLUMN_VECTORS], base[COLUMN_VECTORS];
	UNROLL for (int i = 0; i < vectors; i++) {
		m[i] = load(s->column_values + row + i * LANES) * splat(s->factor);
		base[i] = HLA_MIXED && s->reader_count ? load(s->column_base + row + i * LANES) : (vec){0};
	}
	for (int t = 0, tokens = s->tokens; t < tokens; t++, y += s->y_stride) {
		struct read_factors before = factors_behind(s, decays, t), now = factors_behind(s, decays, t + 1);
		if (HLA_MIXED && !at_each)
			before.grow = now.grow = (real)*s->grow;
		if (reading == READS_MANY)
			read_columns(s, &p, m, base, 0, s->strict_count, t, &before);
		const vec b = splat(s->z_column[t]);
		UNROLL for (int i = 0; i < vectors; i++) {
			if (at_each)
				m[i] *= splat(s->decay[t]);
			m[i] = mul_add(load(y + i * LANES), b, m[i]);
		}
		if (reading == READS_ONCE) {
			read_column(&p, m, base, &now, x, only.column + t);
			x += only.x_stride;
		}
		if (reading == READS_MANY)
			read_columns(s, &p, m, base, s->strict_count, s->reader_count, t, &now);
	}
	if (s->keep)
		UNROLL for (int i = 0; i < vectors; i++)
			store(s->column_values + row + i * LANES, m[i]);
}

INLINE void sweep_column_whole(const struct sweep *s, enum reading reading, enum decay decays)
{
	int row = 0;
	for (; s->rows - row > COLUMN_VECTORS * LANES; row += COLUMN_VECTORS * LANES)
		sweep_column_rows(s, row, COLUMN_VECTORS, reading, decays);
	switch ((s->rows - row + LANES - 1) / LANES) {
	case 4: sweep_column_rows(s, row, 4, reading, decays); break;
	case 3: sweep_column_rows(s, row, 3, reading, decays); break;
	case 2: sweep_column_rows(s, row, 2, reading, decays); break;
	default: sweep_column_rows(s, row, 1, reading, decays);
	}
}

#define SWEEP_COLUMN(NAME, READING, DECAYS)                                                                           \
	static __attribute__((noinline)) void NAME(const struct sweep *s) { sweep_column_whole(s, READING, DECAYS); }
SWEEP_COLUMN(update_and_read_column, READS_ONCE, NO_DECAY)
SWEEP_COLUMN(update_and_read_column_put_off, READS_ONCE, PUT_OFF_DECAY)
SWEEP_COLUMN(update_and_read_column_many, READS_MANY, s->decays)

static void sweep_column(const struct sweep *s)
{
	const bool once = s->reader_count == 1 && !s->strict_count && s->heads == 1;
	if (once && s->decays == NO_DECAY)
		update_and_read_column(s);
	else if (once && s->decays == PUT_OFF_DECAY)
		update_and_read_column_put_off(s);
	else
		update_and_read_column_many(s);
}

#endif
