/*
 * The layer over one instruction set and one element type. A file that includes it is compiled with
 * -DHLA_ISA=baseline|avx2|avx512 and -DHLA_PRECISION=float32|mixed|float64, and sees
 *
 *   real      element of the arithmetic         vec   a vector of LANES reals
 */
#ifndef HLA_VECTOR_H
#define HLA_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hla_sizes.h"

#if defined __AVX2__
#include <immintrin.h>
#elif defined __aarch64__
#include <arm_neon.h>
#endif

#if HLA_SINGLE
typedef float real;
typedef int32_t lane_mask;
#else
typedef double real;
typedef int64_t lane_mask;
#endif

#define LANES ((int)(HLA_VECTOR_BYTES / sizeof(real)))
#define PANEL (TILE_VECTORS * LANES)

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

/* Hides a value from the compiler without leaving its register. */
#if defined __x86_64__
#define KEEP_IN_REGISTER(value) __asm__ volatile("" : "+v"(value))
#else
#define KEEP_IN_REGISTER(value) __asm__ volatile("" : "+w"(value))
#endif

/* The loaded and stored twins may start at any element; the plain ones live in registers. */
typedef real vec __attribute__((vector_size(HLA_VECTOR_BYTES)));
typedef real vec_in_memory __attribute__((vector_size(HLA_VECTOR_BYTES), aligned(sizeof(real)), may_alias));
typedef lane_mask mask __attribute__((vector_size(HLA_VECTOR_BYTES)));

INLINE vec load(const real *from) { return *(const vec_in_memory *)from; }
INLINE void store(real *to, vec value) { *(vec_in_memory *)to = value; }

/* Contraction is off for the whole build, so that a fused product is written, never left to the compiler. */
#if defined __AVX512F__ && HLA_SINGLE
INLINE vec mul_add(vec a, vec b, vec c) { return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE vec splat(real x) { return (vec)_mm512_set1_ps(x); }
#elif defined __AVX512F__
INLINE vec mul_add(vec a, vec b, vec c) { return (vec)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c); }
INLINE vec splat(real x) { return (vec)_mm512_set1_pd(x); }
#elif defined __AVX2__ && HLA_SINGLE
INLINE vec mul_add(vec a, vec b, vec c) { return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE vec splat(real x) { return (vec)_mm256_set1_ps(x); }
#elif defined __AVX2__
INLINE vec mul_add(vec a, vec b, vec c) { return (vec)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c); }
INLINE vec splat(real x) { return (vec)_mm256_set1_pd(x); }
#elif defined __aarch64__ && HLA_SINGLE
INLINE vec mul_add(vec a, vec b, vec c) { return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
INLINE vec splat(real x) { return (vec)vdupq_n_f32(x); }
#elif defined __aarch64__
INLINE vec mul_add(vec a, vec b, vec c) { return (vec)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b); }
INLINE vec splat(real x) { return (vec)vdupq_n_f64(x); }
#else
#define HLA_FUSED 0
INLINE vec mul_add(vec a, vec b, vec c) { return a * b + c; }
INLINE vec splat(real x) { return x - (vec){0}; }
#endif
#ifndef HLA_FUSED
#define HLA_FUSED 1
#endif

#endif
