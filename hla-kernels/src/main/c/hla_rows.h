/* What happens to rows of tokens around the sweeps: weights where decay is put off, and the output. */
#ifndef HLA_ROWS_H
#define HLA_ROWS_H

#include <string.h>

#include "hla_vector.h"

/* to[t] = weight[t] from[t] */
static void weigh(real *to, ptrdiff_t to_stride, const real *from, ptrdiff_t stride, int width, int tokens,
		const real *weight)
{
	for (int t = 0; t < tokens; t++)
		for (int i = 0; i < width; i += LANES)
			store(to + t * to_stride + i, load(from + t * stride + i) * weight[t]);
}

/* One term of the output: row and denominator of each token, and its coefficient. */
struct term {
	const real *rows, *column;
	ptrdiff_t stride;
	real coefficient;
};

/* out[t] = sum of the terms, divided by the sum of their columns + epsilon where they have columns. */
static void emit(real *out, ptrdiff_t out_stride, const struct term *terms, int count, int width, int tokens,
		real epsilon)
{
	for (int t = 0; t < tokens; t++, out += out_stride) {
		const real first = terms[0].coefficient;
		real below = 0;
		for (int j = 0; j < count && terms[0].column; j++)
			below += terms[j].coefficient * terms[j].column[t];
		below += epsilon;
		for (int i = 0; i < width; i += LANES) {
			vec sum = load(terms[0].rows + t * terms[0].stride + i) * first;
			for (int j = 1; j < count; j++)
				sum += load(terms[j].rows + t * terms[j].stride + i) * terms[j].coefficient;
			/* Not times its inverse, which rounds once more and may be denormal. */
			if (terms[0].column)
				sum /= below;
			if (i + LANES <= width)
				store(out + i, sum);
			else
				for (int j = 0; j < width - i; j++)
					out[i + j] = sum[j];
		}
	}
}

#endif
