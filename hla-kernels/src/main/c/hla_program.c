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

/* Finds the widths of all signals, and checks that each refers to signals in front of it only. */
static const char *measure(struct hla_plan *plan, int d, int dv, bool normalize, bool gated)
{
	const struct hla_program *p = &plan->program;
	if (p->matrix_count < 0 || p->matrix_count > HLA_MAX_MATRICES)
		return "number of matrices out of range";
	if (p->read_count < 0 || p->read_count > HLA_MAX_READS)
		return "number of reads out of range";
	if (p->term_count < 0 || p->term_count > HLA_MAX_TERMS)
		return "number of terms out of range";
	plan->width[HLA_QUERY] = plan->width[HLA_KEY] = d;
	plan->width[HLA_VALUE] = dv;
	plan->wide[HLA_VALUE] = normalize;
	for (int r = 0; r < p->read_count; r++) {
		const int m = p->read[r].matrix, x = p->read[r].x, known = HLA_FIRST_READ + r;
		if (m < 0 || m >= p->matrix_count || x < 0 || x >= known)
			return "read of a matrix or by a signal that does not exist in front of it";
		const int y = p->matrix[m].y, z = p->matrix[m].z;
		if (y < 0 || y >= known || z < 0 || z >= known)
			return "read of a matrix whose signals do not exist in front of it";
		if (plan->wide[x] || plan->width[x] != plan->width[y])
			return "read by a signal of another width than the matrix has rows";
		plan->width[known] = plan->width[z];
		plan->wide[known] = plan->wide[z];
		plan->is_read[m] = true;
	}
	const int signals = HLA_FIRST_READ + p->read_count;
	for (int m = 0; m < p->matrix_count; m++) {
		const int y = p->matrix[m].y, z = p->matrix[m].z, decay = p->matrix[m].decay;
		if (y < 0 || y >= signals || z < 0 || z >= signals || plan->wide[y])
			return "matrix of signals that do not exist";
		if (decay < 0 || decay > HLA_MAX_DECAY)
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

/* The sweep over a matrix with all reads that are not known yet and whose operands are. */
static struct hla_step sweep_over(const struct hla_program *p, const bool *known, int matrix)
{
	struct hla_step step = {.matrix = matrix, .last = true};
	for (int r = 0; r < p->read_count; r++)
		if (p->read[r].matrix == matrix && !known[HLA_FIRST_READ + r]) {
			if (known[p->read[r].x])
				step.read[step.read_count++] = r;
			else
				step.last = false;
		}
	return step;
}

/* The first sweep that needs no other over its matrix, else the first with any read at all. */
static bool next_step(const struct hla_program *p, const bool *known, const bool *done, struct hla_step *next)
{
	bool found = false;
	for (int m = 0; m < p->matrix_count; m++) {
		if (done[m] || !known[p->matrix[m].y] || !known[p->matrix[m].z])
			continue;
		const struct hla_step step = sweep_over(p, known, m);
		if (step.last || (step.read_count && !found)) {
			*next = step;
			found = true;
		}
		if (step.last)
			break;
	}
	return found;
}

static void order(struct hla_plan *plan)
{
	const struct hla_program *p = &plan->program;
	bool known[HLA_MAX_SIGNALS] = {[HLA_QUERY] = true, [HLA_KEY] = true, [HLA_VALUE] = true};
	bool done[HLA_MAX_MATRICES] = {false};
	struct hla_step step;
	while (next_step(p, known, done, &step)) {
		plan->step[plan->step_count++] = step;
		done[step.matrix] = step.last;
		for (int i = 0; i < step.read_count; i++)
			known[HLA_FIRST_READ + step.read[i]] = true;
		if (step.read_count > plan->most_reads)
			plan->most_reads = step.read_count;
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
