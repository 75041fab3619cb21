/*
 * Products with weight matrices, and the gate. A tile of tokens x panels of outputs stays in registers while a part of the
 * inputs goes by: every output is one chain of fused multiply-adds over the part, from 0 on, and parts are added in order.
 * So no tile, vector or number of tokens has any influence on it.
 */
#include <string.h>

#include "hla_exponential.h"

enum { PANEL_NUMBERS = HLA_PANEL_BYTES / sizeof(real), PANEL_VECTORS = HLA_PANEL_BYTES / HLA_VECTOR_BYTES };
/* Tokens whose part of the inputs stays in the second cache, and panels whose sums so far stay beside them. */
enum { BLOCK_TOKENS = 48, BLOCK_PANELS = 8 };

/* Panels of a tile with some rows. */
#define FITTING(rows) (TILE_SUMS / ((rows) * PANEL_VECTORS))
#define TILE_PANELS(rows) (FITTING(rows) < 1 ? 1 : FITTING(rows) > MOST_PANELS ? MOST_PANELS : FITTING(rows))

/* What the tiles of a block have in common. */
struct block {
	const real *weights;     /* of the first panel and the part */
	const real *x;
	real *y;                 /* of the first panel */
	ptrdiff_t in, out;       /* of all inputs and outputs */
	int part;                /* inputs */
	bool first, last, add;   /* part of several; y grows */
	real *sums;              /* of earlier parts: [tokens][BLOCK_PANELS * PANEL_NUMBERS] */
	ptrdiff_t columns;       /* outputs from the first panel on */
};

/* The outputs that a panel has, where it has fewer than others. */
static __attribute__((noinline)) void give_out_some(real *y, const real *v, ptrdiff_t columns, bool add)
{
	for (ptrdiff_t j = 0; j < columns; j++)
		y[j] = add ? y[j] + v[j] : v[j];
}

/* y = v, or y += v. */
INLINE void give_out(real *y, const vec *v, ptrdiff_t columns, bool add)
{
	if (__builtin_expect(columns < PANEL_NUMBERS, 0)) {
		real numbers[PANEL_NUMBERS];
		UNROLL for (int c = 0; c < PANEL_VECTORS; c++)
			store(numbers + c * LANES, v[c]);
		give_out_some(y, numbers, columns, add);
		return;
	}
	UNROLL for (int c = 0; c < PANEL_VECTORS; c++)
		store(y + c * LANES, add ? load(y + c * LANES) + v[c] : v[c]);
}

INLINE void multiply_tile(const struct block *b, int token, int panel, int rows, int panels)
{
	const int vectors = panels * PANEL_VECTORS;
	vec sum[MOST_TILE_ROWS][MOST_PANELS * PANEL_VECTORS];
	UNROLL for (int r = 0; r < rows; r++)
		UNROLL for (int c = 0; c < vectors; c++)
			sum[r][c] = (vec){0};
	const ptrdiff_t in = b->in, panel_size = in * PANEL_NUMBERS;
	const real *w = b->weights + panel * panel_size, *x = b->x + token * in;
	for (int k = b->part; k > 0; k--, w += PANEL_NUMBERS, x++) {
		vec column[MOST_PANELS * PANEL_VECTORS];
		UNROLL for (int c = 0; c < vectors; c++)
			column[c] = load(w + c / PANEL_VECTORS * panel_size + c % PANEL_VECTORS * LANES);
		UNROLL for (int r = 0; r < rows; r++) {
			const vec a = splat(x[r * in]);
			UNROLL for (int c = 0; c < vectors; c++)
				sum[r][c] = fused(a, column[c], sum[r][c]);
		}
	}
	UNROLL for (int r = 0; r < rows; r++) {
		real *sums = b->sums + ((token + r) * BLOCK_PANELS + panel) * PANEL_NUMBERS;
		if (!b->first) {
			UNROLL for (int c = 0; c < vectors; c++)
				sum[r][c] = load(sums + c * LANES) + sum[r][c];
		}
		if (!b->last) {
			UNROLL for (int c = 0; c < vectors; c++)
				store(sums + c * LANES, sum[r][c]);
			continue;
		}
		UNROLL for (int p = 0; p < panels; p++)
			give_out(b->y + (token + r) * b->out + (panel + p) * PANEL_NUMBERS, sum[r] + p * PANEL_VECTORS,
					b->columns - (panel + p) * PANEL_NUMBERS, b->add);
	}
}

/* Tiles of one number of rows, with as many panels as fit, with as many as fit a row more, and with one. */
typedef void multiply(const struct block *b, int token, int panel);
struct tiles {
	multiply *whole, *under, *single;
};

#define TILE(rows)                                                                                                     \
	static void whole_##rows(const struct block *b, int t, int p) { multiply_tile(b, t, p, rows, TILE_PANELS(rows)); } \
	static void under_##rows(const struct block *b, int t, int p) { multiply_tile(b, t, p, rows, TILE_PANELS(rows + 1)); } \
	static void single_##rows(const struct block *b, int t, int p) { multiply_tile(b, t, p, rows, 1); }
#define TILES(rows) {whole_##rows, under_##rows, single_##rows},
LINEAR_ROWS(TILE)
static const struct tiles tiles_of[] = {{0}, LINEAR_ROWS(TILES)};

/* One part of the inputs, all panels of the block: tokens in tiles whose rows differ by one at most. */
static void multiply_part(const struct block *b, int tokens, int panels)
{
	const int tiles = (tokens + MOST_TILE_ROWS - 1) / MOST_TILE_ROWS, rows = (tokens + tiles - 1) / tiles;
	const int smaller = tiles * rows - tokens, step = TILE_PANELS(rows);
	for (int panel = 0; panel < panels;) {
		const bool whole = panels - panel >= step;
		multiply *const tile = whole ? tiles_of[rows].whole : tiles_of[rows].single;
		multiply *const smaller_tile = whole ? tiles_of[rows - 1].under : tiles_of[rows - 1].single;
		int token = 0;
		for (int i = 0; i < tiles; i++) {
			if (i < tiles - smaller) {
				tile(b, token, panel);
				token += rows;
			} else {
				smaller_tile(b, token, panel);
				token += rows - 1;
			}
		}
		panel += whole ? step : 1;
	}
}

static void linear(const struct hla_linear *l)
{
	real sums[BLOCK_TOKENS * BLOCK_PANELS * PANEL_NUMBERS];
	for (ptrdiff_t done = 0, panels; done < l->panels; done += panels) {
		panels = l->panels - done < BLOCK_PANELS ? l->panels - done : BLOCK_PANELS;
		const ptrdiff_t panel = l->first_panel + done;
		for (int token = 0, tokens; token < l->tokens; token += tokens) {
			tokens = l->tokens - token < BLOCK_TOKENS ? l->tokens - token : BLOCK_TOKENS;
			for (ptrdiff_t from = 0; from < l->in; from += HLA_PART) {
				const struct block b = {
					.weights = (const real *)l->weights + (panel * l->in + from) * PANEL_NUMBERS,
					.x = (const real *)l->x + token * l->in + from,
					.y = (real *)l->y + token * l->out + panel * PANEL_NUMBERS,
					.in = l->in,
					.out = l->out,
					.part = l->in - from < HLA_PART ? (int)(l->in - from) : HLA_PART,
					.first = from == 0,
					.last = l->in - from <= HLA_PART,
					.add = l->add,
					.sums = sums,
					.columns = l->out - panel * PANEL_NUMBERS,
				};
				multiply_part(&b, tokens, (int)panels);
			}
		}
	}
}

INLINE vec swish(vec z) { return z / (1 + exponential(-z)); }

static void multiply_swish(const void *gate, void *y, ptrdiff_t count)
{
	const real *z = gate;
	real *to = y;
	ptrdiff_t i = 0;
	for (; i + LANES <= count; i += LANES)
		store(to + i, load(to + i) * swish(load(z + i)));
	if (i == count)
		return;
	real rest[LANES] = {0}, factor[LANES];
	memcpy(rest, z + i, (size_t)(count - i) * sizeof *rest);
	store(factor, swish(load(rest)));
	for (int j = 0; i + j < count; j++)
		to[i + j] *= factor[j];
}

#define EXPORTED HLA_PASTE(HLA_PASTE(hla_layers_, HLA_ISA), HLA_PASTE(_, HLA_PRECISION))
const struct hla_layers EXPORTED = {linear, multiply_swish};
