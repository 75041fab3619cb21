/*
 * The one primitive, a tile of rows x vectors accumulators that collects products of a left and a right operand, and
 * the three loops over it that make up a linear attention: product, read and update.
 *
 * Rows of tokens are row-major. A matrix is stored as panels of PANEL columns, each row after row, so that a tile walks
 * through memory in a straight line: element (i, j) stands at (j / PANEL) panel_size + i PANEL + j % PANEL.
 */
#ifndef HLA_TILES_H
#define HLA_TILES_H

#include "hla_vector.h"

typedef vec tile_row[TILE_VECTORS];

INLINE void clear(tile_row *acc, int rows, int vectors)
{
	UNROLL for (int r = 0; r < rows; r++)
		UNROLL for (int c = 0; c < vectors; c++)
			acc[r][c] = (vec){0};
}

/* acc[r] += sum_k left[k][r] right[k]; with base, right[k] stands for right[k] + grow base[k]. */
INLINE void collect(tile_row *acc, int rows, int vectors, const real *left, ptrdiff_t left_stride, const real *right,
		ptrdiff_t right_stride, const real *base, const real *grow, ptrdiff_t count)
{
	const vec factor = splat(grow ? *grow : 1);
	_Pragma("GCC unroll 4") for (ptrdiff_t k = 0; k < count; k++) {
		vec b[TILE_VECTORS];
		UNROLL for (int c = 0; c < vectors; c++) {
			b[c] = load(right + k * right_stride + c * LANES);
			if (grow)
				b[c] = mul_add(load(base + k * right_stride + c * LANES), factor, b[c]);
			else if (base)
				b[c] += load(base + k * right_stride + c * LANES);
		}
		UNROLL for (int r = 0; r < rows; r++) {
			const vec a = splat(left[k * left_stride + r]);
			UNROLL for (int c = 0; c < vectors; c++)
				acc[r][c] = mul_add(a, b[c], acc[r][c]);
		}
	}
}

/* The same for the tokens of the tile itself: a token takes part in its own row and in later ones, in no earlier one. */
INLINE void collect_triangle(tile_row *acc, int rows, int vectors, const real *left, ptrdiff_t left_stride,
		const real *right, ptrdiff_t right_stride)
{
	UNROLL for (int k = 0; k < rows; k++) {
		vec b[TILE_VECTORS];
		UNROLL for (int c = 0; c < vectors; c++)
			b[c] = load(right + k * right_stride + c * LANES);
		UNROLL for (int r = k; r < rows; r++) {
			const vec a = splat(left[k * left_stride + r]);
			UNROLL for (int c = 0; c < vectors; c++)
				acc[r][c] = mul_add(a, b[c], acc[r][c]);
		}
	}
}

/*
 * weights[s][t] = power[t - s] x_t . y_s for s <= t < TOKENS, zero or untouched elsewhere. x is turned: [width][TOKENS].
 * power[i] is zero for negative i, which also keeps what is not a number from going back in time.
 */
static void product(real *weights, const real *x, const real *y, ptrdiff_t y_stride, int width, const real *power,
		int tokens)
{
	for (int s = 0; s < tokens; s += DOT_ROWS)
		for (int t = s / DOT_LANES * DOT_LANES; t < tokens; t += DOT_LANES) {
			dot acc[DOT_ROWS];
			const real *row[DOT_ROWS];
			UNROLL for (int r = 0; r < DOT_ROWS; r++) {
				acc[r] = (dot){0};
				row[r] = y + (s + r) * y_stride;
			}
			_Pragma("GCC unroll 2") for (ptrdiff_t i = 0; i < width; i++) {
				const dot b = load_dot(x + i * TOKENS + t);
				UNROLL for (int r = 0; r < DOT_ROWS; r++)
					acc[r] = mul_add_dot(splat_dot(row[r][i]), b, acc[r]);
			}
			UNROLL for (int r = 0; r < DOT_ROWS; r++) {
				const dot p = load_dot(power + t - s - r);
				const dot_mask keep = p != (dot){0};
				store_dot(weights + (s + r) * TOKENS + t, (dot)((dot_mask)(acc[r] * p) & keep));
			}
		}
}

/* What a block of tokens reads from a matrix as it stands in front of the block, and from the block itself. */
struct read {
	real *out;
	const real *x;       /* turned: [width][TOKENS] */
	const real *matrix;
	const real *base;    /* mixed: the matrix is matrix + grow base */
	const real *weights; /* [TOKENS][TOKENS] */
	const real *z;
	const real *power;   /* [TOKENS]: decay of the matrix at each token */
	ptrdiff_t out_stride, panel_size, z_stride;
	int width, vectors, tokens;
	real grow;
};

INLINE void read_tile(const struct read *r, int vectors, ptrdiff_t panel, int t, bool based, const real *grow)
{
	tile_row acc[READ_ROWS];
	const ptrdiff_t column = panel * PANEL, at = panel * r->panel_size;
	clear(acc, READ_ROWS, vectors);
	collect(acc, READ_ROWS, vectors, r->x + t, TOKENS, r->matrix + at, PANEL, based ? r->base + at : NULL, grow, r->width);
	UNROLL for (int i = 0; i < READ_ROWS; i++) {
		const vec p = splat(r->power[t + i]);
		UNROLL for (int c = 0; c < vectors; c++)
			acc[i][c] *= p;
	}
	collect(acc, READ_ROWS, vectors, r->weights + t, TOKENS, r->z + column, r->z_stride, NULL, NULL, t);
	collect_triangle(acc, READ_ROWS, vectors, r->weights + t * TOKENS + t, TOKENS, r->z + t * r->z_stride + column,
			r->z_stride);
	UNROLL for (int i = 0; i < READ_ROWS; i++)
		UNROLL for (int c = 0; c < vectors; c++)
			store(r->out + (t + i) * r->out_stride + column + c * LANES, acc[i][c]);
}

INLINE void read_panel(const struct read *r, int vectors, ptrdiff_t panel)
{
	for (int t = 0; t < r->tokens; t += READ_ROWS) {
		if (HLA_MIXED && r->grow != 1)
			read_tile(r, vectors, panel, t, true, &r->grow);
		else
			read_tile(r, vectors, panel, t, HLA_MIXED, NULL);
	}
}

static void read(const struct read *r)
{
	const int whole = r->vectors / TILE_VECTORS;
	for (int panel = 0; panel < whole; panel++)
		read_panel(r, TILE_VECTORS, panel);
	if (r->vectors % TILE_VECTORS)
		read_panel(r, 1, whole);
}

/* matrix = decay matrix + y^T z over `tokens` rows; y carries the decay from each token to the end of the block. */
struct update {
	real *matrix;
	const real *y, *z;
	ptrdiff_t panel_size, y_stride, z_stride;
	int width, vectors, tokens;
	real decay;
};

INLINE void update_tile(const struct update *u, int vectors, ptrdiff_t panel, int i)
{
	tile_row acc[UPDATE_ROWS];
	real *matrix = u->matrix + panel * u->panel_size + i * PANEL;
	UNROLL for (int r = 0; r < UPDATE_ROWS; r++)
		UNROLL for (int c = 0; c < vectors; c++)
			acc[r][c] = load(matrix + r * PANEL + c * LANES);
	if (u->decay != 1) {
		const vec decay = splat(u->decay);
		UNROLL for (int r = 0; r < UPDATE_ROWS; r++)
			UNROLL for (int c = 0; c < vectors; c++)
				acc[r][c] *= decay;
	}
	collect(acc, UPDATE_ROWS, vectors, u->y + i, u->y_stride, u->z + panel * PANEL, u->z_stride, NULL, NULL, u->tokens);
	UNROLL for (int r = 0; r < UPDATE_ROWS; r++)
		UNROLL for (int c = 0; c < vectors; c++)
			store(matrix + r * PANEL + c * LANES, acc[r][c]);
}

INLINE void update_panel(const struct update *u, int vectors, ptrdiff_t panel)
{
	for (int i = 0; i < u->width; i += UPDATE_ROWS)
		update_tile(u, vectors, panel, i);
}

static void update(const struct update *u)
{
	const int whole = u->vectors / TILE_VECTORS;
	for (int panel = 0; panel < whole; panel++)
		update_panel(u, TILE_VECTORS, panel);
	if (u->vectors % TILE_VECTORS)
		update_panel(u, 1, whole);
}

#endif
