/*
 * Numbers too small to be normal count as zero while kernels run: processors take up to a hundred times as long for them,
 * and no bound of this project reaches that far down. The state of the caller is put back behind it.
 */
#ifndef HLA_DENORMALS_H
#define HLA_DENORMALS_H

#include <stdint.h>

#if defined __x86_64__
#include <immintrin.h>

/* Flush to zero, denormals are zero; rounding to nearest, no exception unmasked. */
enum { HLA_FLUSHING = 0x9fc0 };

static inline uint64_t hla_flush_denormals(void)
{
	const uint64_t before = _mm_getcsr();
	_mm_setcsr(HLA_FLUSHING);
	return before;
}

static inline void hla_restore_denormals(uint64_t before) { _mm_setcsr((unsigned)before); }
#elif defined __aarch64__
static inline void hla_restore_denormals(uint64_t before) { __asm__ volatile("msr fpcr, %0" : : "r"(before) : "memory"); }

static inline uint64_t hla_flush_denormals(void)
{
	const uint64_t flush_to_zero = UINT64_C(1) << 24;
	uint64_t before;
	__asm__ volatile("mrs %0, fpcr" : "=r"(before));
	hla_restore_denormals(flush_to_zero);
	return before;
}
#else
static inline uint64_t hla_flush_denormals(void) { return 0; }
static inline void hla_restore_denormals(uint64_t before) { (void)before; }
#endif

#endif
