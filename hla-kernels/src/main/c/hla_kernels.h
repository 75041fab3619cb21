/* The kernels of every instruction set and precision: one list, one table of functions for each. */
#ifndef HLA_KERNELS_H
#define HLA_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

enum hla_feature_map { HLA_IDENTITY, HLA_RELU, HLA_ELU1, HLA_L2 };
enum hla_precision { HLA_FLOAT32, HLA_MIXED_PRECISION, HLA_FLOAT64, HLA_PRECISION_COUNT };
enum hla_isa { HLA_BASELINE, HLA_AVX2, HLA_AVX512, HLA_ISA_COUNT };

/* X(instruction set, the level that the processor must support) in ascending order; baseline needs nothing. */
#if defined __x86_64__
#define HLA_EXTENDED_SETS(X) X(avx2, HLA_AVX2, "x86-64-v3") X(avx512, HLA_AVX512, "x86-64-v4")
#else
#define HLA_EXTENDED_SETS(X)
#endif
#define HLA_PRECISIONS(X, isa) X(isa, float32) X(isa, mixed) X(isa, float64)

struct hla_session;

/* Rows of tokens where a caller has them. */
struct hla_rows {
	const void *q, *k, *v;
	void *o;                          /* null where no outputs are wanted */
	const double *gate;               /* of gated sessions: one in [0, 1] for each head, which decay is multiplied by */
	bool double_input, double_output; /* rows of doubles, else of floats; float32 and mixed take floats only */
};

struct hla_kernels {
	/*
	 * What the session needs for its layout: bytes of an element, tokens of a sweep, tokens that a table of powers of decay
	 * reaches over, columns of a panel of a matrix.
	 */
	int element, tokens, span, panel;
	/* Fills the decay tables of a head. */
	void (*prepare)(struct hla_session *session, int head);
	/*
	 * Processes n tokens of all heads. Up to HLA_OVERHANG bytes behind the last row of q, k and v must be readable; what they
	 * hold does not matter. Floats go in and out of float64 with one rounding, that of outputs.
	 */
	void (*process)(struct hla_session *session, int n, const struct hla_rows *rows);
	/*
	 * One matrix of one head, row by row, each with its column of ones if it has one. What was got within a batch is to be
	 * multiplied by hla_put_off, or to be set in a session that hla_resume then lets go on there.
	 */
	void (*set_matrix)(struct hla_session *session, int head, int matrix, const double *values);
	void (*get_matrix)(const struct hla_session *session, int head, int matrix, double *values);
	/* Multiply-adds in registers only, the limit that kernels are measured against; returns floating-point operations. */
	double (*peak)(long turns);
};

#define HLA_DECLARE(isa, precision) extern const struct hla_kernels hla_kernels_##isa##_##precision;
#define HLA_DECLARE_SET(isa, id, level) HLA_PRECISIONS(HLA_DECLARE, isa)
HLA_PRECISIONS(HLA_DECLARE, baseline)
HLA_EXTENDED_SETS(HLA_DECLARE_SET)

/* The kernels of the best instruction set that this processor supports, none above `cap`. */
enum hla_isa hla_best_isa(enum hla_isa cap);
const char *hla_isa_name(enum hla_isa isa);
const struct hla_kernels *hla_kernels_of(enum hla_isa isa, enum hla_precision precision);

#endif
