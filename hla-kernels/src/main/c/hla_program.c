#include "hla_program.h"

#include <string.h>

static int index_of_power(struct hla_plan *plan, int power)
{
	int i = 0;
	while (i < plan->power_count && plan->power[i] != power)
		i++;
	if (i == plan->power_count)
		plan->power[plan->power_count++] = power;
	return i;
}

static const char *measure_read(struct hla_plan *plan, int i)
{
	const struct hla_program *p = &plan->program;
	const int m = p->derived[i].matrix, x = p->derived[i].x, known = HLA_FIRST_DERIVED + i;
	if (m < 0 || m >= p->matrix_count || x < 0 || x >= known)
		return "read of a matrix or by a signal that does not exist in front of it";
	const int y = p->matrix[m].y, z = p->matrix[m].z;
	if (y < 0 || y >= known || z < 0 || z >= known)
		return "read of a matrix whose signals do not exist in front of it";
	if (plan->wide[x] || plan->width[x] != plan->width[y])
		return "read by a signal of another width than the matrix has rows";
	if (p->derived[i].power != 0)
		return "read with a power";
	plan->width[known] = plan->width[z];
	plan->wide[known] = plan->wide[z];
	plan->is_read[m] = true;
	return NULL;
}

static const char *measure_weighted(struct hla_plan *plan, int i)
{
	const int x = plan->program.derived[i].x, power = plan->program.derived[i].power, known = HLA_FIRST_DERIVED + i;
	if (x < 0 || x >= known)
		return "weights of a signal that does not exist in front of it";
	if (power < 1 || power > HLA_MAX_POWER)
		return "power of weights out of range";
	plan->width[known] = plan->width[x];
	plan->wide[known] = plan->wide[x];
	plan->weighs = true;
	return NULL;
}

/* Finds the widths of all signals, and checks that each refers to signals in front of it only. */
static const char *measure(struct hla_plan *plan, int d, int dv, bool normalize, bool gated)
{
	const struct hla_program *p = &plan->program;
	if (p->matrix_count < 0 || p->matrix_count > HLA_MAX_MATRICES)
		return "number of matrices out of range";
	if (p->derived_count < 0 || p->derived_count > HLA_MAX_DERIVED)
		return "number of derived signals out of range";
	if (p->term_count < 0 || p->term_count > HLA_MAX_TERMS)
		return "number of terms out of range";
	plan->width[HLA_QUERY] = plan->width[HLA_KEY] = d;
	plan->width[HLA_VALUE] = dv;
	plan->wide[HLA_VALUE] = normalize;
	for (int i = 0; i < p->derived_count; i++) {
		const char *wrong = p->derived[i].matrix == HLA_WEIGHTED ? measure_weighted(plan, i) : measure_read(plan, i);
		if (wrong)
			return wrong;
	}
	const int signals = HLA_FIRST_DERIVED + p->derived_count;
	for (int m = 0; m < p->matrix_count; m++) {
		const int y = p->matrix[m].y, z = p->matrix[m].z, decay = p->matrix[m].decay;
		if (y < 0 || y >= signals || z < 0 || z >= signals || plan->wide[y])
			return "matrix of signals that do not exist";
		if (decay < 0 || decay > HLA_MAX_POWER)
			return "decay power of a matrix out of range";
		plan->power_of[m] = index_of_power(plan, decay);
		plan->shared[m] = !gated && (y == HLA_KEY || y == HLA_VALUE) && (z == HLA_KEY || z == HLA_VALUE);
	}
	for (int i = 0; i < p->term_count; i++) {
		const int s = p->term[i].signal;
		if (s < 0 || s >= signals || plan->width[s] != dv || plan->wide[s] != normalize)
			return "term that is not as wide as the output";
	}
	return NULL;
}

/* The sweep over a matrix with all reads that are not known yet and whose operands are; they go to `order`. */
static struct hla_step sweep_over(const struct hla_plan *plan, const bool *known, int matrix, int *order)
{
	const struct hla_program *p = &plan->program;
	struct hla_step step = {.matrix = matrix, .last = true};
	for (int i = 0; i < p->derived_count; i++)
		if (p->derived[i].matrix == matrix && !known[HLA_FIRST_DERIVED + i]) {
			if (known[p->derived[i].x])
				order[step.count++] = i;
			else
				step.last = false;
		}
	return step;
}

/* What weights a known signal, or the first sweep that needs no other over its matrix, or the first with any read at all. */
static bool next_step(const struct hla_plan *plan, const bool *known, const bool *done, struct hla_step *next, int *order)
{
	const struct hla_program *p = &plan->program;
	for (int i = 0; i < p->derived_count; i++)
		if (p->derived[i].matrix == HLA_WEIGHTED && known[p->derived[i].x] && !known[HLA_FIRST_DERIVED + i]) {
			*next = (struct hla_step){.matrix = HLA_WEIGHTED, .count = 1};
			order[0] = i;
			return true;
		}
	bool found = false;
	for (int m = 0; m < p->matrix_count; m++) {
		if (done[m] || !known[p->matrix[m].y] || !known[p->matrix[m].z])
			continue;
		int reads[HLA_MAX_DERIVED];
		const struct hla_step step = sweep_over(plan, known, m, reads);
		if (step.last || (step.count && !found)) {
			*next = step;
			memcpy(order, reads, (size_t)step.count * sizeof *reads);
			found = true;
		}
		if (step.last)
			break;
	}
	return found;
}

static void order(struct hla_plan *plan)
{
	bool known[HLA_MAX_SIGNALS] = {[HLA_QUERY] = true, [HLA_KEY] = true, [HLA_VALUE] = true};
	bool done[HLA_MAX_MATRICES] = {false};
	struct hla_step step;
	for (int first = 0; next_step(plan, known, done, &step, plan->order + first); first += step.count) {
		step.first = first;
		plan->step[plan->step_count++] = step;
		for (int i = 0; i < step.count; i++)
			known[HLA_FIRST_DERIVED + plan->order[first + i]] = true;
		if (step.matrix != HLA_WEIGHTED)
			done[step.matrix] = step.last;
	}
}

const char *hla_plan_program(struct hla_plan *plan, const struct hla_program *program, int d, int dv, bool normalize,
		bool gated)
{
	memset(plan, 0, sizeof *plan);
	plan->program = *program;
	const char *wrong = measure(plan, d, dv, normalize, gated);
	if (!wrong)
		order(plan);
	return wrong;
}
