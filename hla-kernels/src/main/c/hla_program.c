#include "hla_program.h"

#include <string.h>

/* Finds the widths of all signals, and checks that each refers to signals in front of it only. */
static const char *measure(struct hla_plan *plan, int d, int dv, bool normalize)
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
		plan->decays[decay] = true;
	}
	for (int i = 0; i < p->term_count; i++) {
		const int s = p->term[i].signal;
		if (s < 0 || s >= signals || plan->width[s] != dv || plan->wide[s] != normalize)
			return "term that is not as wide as the output";
	}
	return NULL;
}

static int find_product(struct hla_plan *plan, int x, int y, int decay, bool strict)
{
	int i = 0;
	while (i < plan->product_count && !(plan->product[i].x == x && plan->product[i].y == y
			&& plan->product[i].decay == decay && plan->product[i].strict == strict))
		i++;
	return i;
}

static void add_step(struct hla_plan *plan, enum hla_action action, int index)
{
	plan->step[plan->step_count].action = action;
	plan->step[plan->step_count].index = index;
	plan->step_count++;
}

static bool has_later_read(const struct hla_program *p, int matrix, int after)
{
	for (int r = after + 1; r < p->read_count; r++)
		if (p->read[r].matrix == matrix)
			return true;
	return false;
}

/* A matrix is updated right behind its last read, while it is still in the nearest cache. */
static void order(struct hla_plan *plan)
{
	const struct hla_program *p = &plan->program;
	bool updated[HLA_MAX_MATRICES] = {false};
	for (int r = 0; r < p->read_count; r++) {
		const int m = p->read[r].matrix, x = p->read[r].x, y = p->matrix[m].y;
		if (!plan->turned[x])
			add_step(plan, HLA_TURN, x);
		plan->turned[x] = true;
		const int product = find_product(plan, x, y, p->matrix[m].decay, p->read[r].strict);
		if (product == plan->product_count) {
			plan->product[product].x = x;
			plan->product[product].y = y;
			plan->product[product].decay = p->matrix[m].decay;
			plan->product[product].strict = p->read[r].strict;
			plan->product_count++;
			add_step(plan, HLA_PRODUCT, product);
		}
		plan->product_of[r] = product;
		add_step(plan, HLA_READ, r);
		for (int i = 0; i < p->matrix_count; i++)
			if (plan->is_read[i] && !updated[i] && !has_later_read(p, i, r)) {
				updated[i] = true;
				add_step(plan, HLA_UPDATE, i);
			}
	}
}

const char *hla_plan_program(struct hla_plan *plan, const struct hla_program *program, int d, int dv, bool normalize)
{
	memset(plan, 0, sizeof *plan);
	plan->program = *program;
	const char *wrong = measure(plan, d, dv, normalize);
	if (!wrong)
		order(plan);
	return wrong;
}
