/*
 * The parts of a decoder layer that work token by token, for every instruction set: the same bits from all of them, and
 * from io.hla.layers in Java. Every fused product is one, and denormals count as what they are.
 */
#ifndef HLA_LAYERS_H
#define HLA_LAYERS_H

#include "hla_kernels.h"

/*
 * Weights [out, in] stand in panels of as many outputs as have these bytes, the last one filled up with zeros: output o and
 * input i of a panel of P numbers at ((o / P) in + i) P + o % P.
 */
#define HLA_PANEL_BYTES 64
/* A sum over inputs is cut into parts of so many, which are added in order. */
#define HLA_PART 256

/* y = x W^T, or y += x W^T, for some tokens and some panels of outputs. Elements are those of the arithmetic. */
struct hla_linear {
	const void *weights; /* all panels */
	const void *x;       /* [tokens][in] */
	void *y;             /* [tokens][out] */
	ptrdiff_t in, out;
	int tokens;
	ptrdiff_t first_panel, panels;
	bool add;
};

struct hla_layers {
	void (*linear)(const struct hla_linear *linear);
	/* y *= z / (1 + exp(-z)) for all z of gate. */
	void (*multiply_swish)(const void *gate, void *y, ptrdiff_t count);
};

/* Rows of floats or doubles, with sums in double. */
struct hla_norms {
	/* Groups of `size` numbers each: y = x / sqrt(mean of x^2 + epsilon) * weight. x and y may be the same. */
	void (*rms_norm)(const double *weight, int size, double epsilon, bool doubles, const void *x, void *y,
			ptrdiff_t groups);
	/* to[t] = logits[t][ids[t]] - log(sum of exp(logits[t])). */
	void (*log_probability)(bool doubles, const void *logits, int width, const int *ids, double *to, int tokens);
};

#define HLA_DECLARE_LAYERS(isa) \
	extern const struct hla_layers hla_layers_##isa##_float32, hla_layers_##isa##_float64; \
	extern const struct hla_norms hla_norms_##isa;
#define HLA_DECLARE_LAYERS_OF_SET(isa, id, level) HLA_DECLARE_LAYERS(isa)
HLA_DECLARE_LAYERS(baseline)
HLA_EXTENDED_SETS(HLA_DECLARE_LAYERS_OF_SET)

const struct hla_layers *hla_layers_of(enum hla_isa isa, bool doubles);
const struct hla_norms *hla_norms_of(enum hla_isa isa);

/* a b + c, rounded once, by integers alone. */
double hla_fused(double a, double b, double c);

#endif
