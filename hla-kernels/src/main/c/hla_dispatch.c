#include "hla_kernels.h"

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
