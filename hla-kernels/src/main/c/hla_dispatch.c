#include "hla_layers.h"

#define HLA_ENTRY(isa, precision) &hla_kernels_##isa##_##precision,
#define HLA_ROW(isa, id, level) [id] = {HLA_PRECISIONS(HLA_ENTRY, isa)},
static const struct hla_kernels *const table[HLA_ISA_COUNT][HLA_PRECISION_COUNT] = {
	[HLA_BASELINE] = {HLA_PRECISIONS(HLA_ENTRY, baseline)},
	HLA_EXTENDED_SETS(HLA_ROW)
};

#define HLA_NAME(isa, id, level) [id] = #isa,
static const char *const names[HLA_ISA_COUNT] = {[HLA_BASELINE] = "baseline", HLA_EXTENDED_SETS(HLA_NAME)};

enum hla_isa hla_best_isa(enum hla_isa cap)
{
	enum hla_isa best = HLA_BASELINE;
#define HLA_TRY(isa, id, level)                                                                                \
	if (id <= cap && __builtin_cpu_supports(level))                                                        \
		best = id;
	HLA_EXTENDED_SETS(HLA_TRY)
	(void)cap;
	return best;
}

const char *hla_isa_name(enum hla_isa isa) { return names[isa]; }

const struct hla_kernels *hla_kernels_of(enum hla_isa isa, enum hla_precision precision)
{
	return table[isa][precision];
}

#define HLA_LAYERS(isa) {&hla_layers_##isa##_float32, &hla_layers_##isa##_float64}
#define HLA_LAYERS_ROW(isa, id, level) [id] = HLA_LAYERS(isa),
static const struct hla_layers *const layers[HLA_ISA_COUNT][2] = {
	[HLA_BASELINE] = HLA_LAYERS(baseline),
	HLA_EXTENDED_SETS(HLA_LAYERS_ROW)
};

#define HLA_NORMS_ENTRY(isa, id, level) [id] = &hla_norms_##isa,
static const struct hla_norms *const norms[HLA_ISA_COUNT] = {
	[HLA_BASELINE] = &hla_norms_baseline,
	HLA_EXTENDED_SETS(HLA_NORMS_ENTRY)
};

const struct hla_layers *hla_layers_of(enum hla_isa isa, bool doubles) { return layers[isa][doubles]; }
const struct hla_norms *hla_norms_of(enum hla_isa isa) { return norms[isa]; }
