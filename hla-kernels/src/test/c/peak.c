/* The multiply-add peak of one instruction set: a loop over registers only. Compiled once for each set. */
#define HLA_PRECISION PEAK_PRECISION
#include "../../main/c/hla_vector.h"

/* Vectors in one turn of the loop: enough to hide the latency of four cycles on two units. */
enum { CHAINS = 12 };

#define NAME_(isa, precision) peak_##isa##_##precision
#define NAME(isa, precision) NAME_(isa, precision)

double NAME(HLA_ISA, PEAK_PRECISION)(long turns)
{
	vec chain[CHAINS];
	const vec factor = splat((real)0.5), term = splat((real)0.25);
	UNROLL for (int i = 0; i < CHAINS; i++)
		chain[i] = splat((real)i);
	for (long turn = 0; turn < turns; turn++)
		UNROLL for (int i = 0; i < CHAINS; i++) {
			chain[i] = mul_add(chain[i], factor, term);
#if defined __x86_64__
			__asm__ volatile("" : "+v"(chain[i]));
#else
			__asm__ volatile("" : "+w"(chain[i]));
#endif
		}
	real sum = 0;
	for (int i = 0; i < CHAINS; i++)
		sum += chain[i][0];
	(void)sum;
	return 2.0 * CHAINS * LANES * (double)turns;
}
