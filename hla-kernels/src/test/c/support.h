/* What the tests of the kernels share: settings, guarded arrays, sessions, comparisons. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include "../../main/c/hla_session.h"
#include "operators.h"

struct setting {
	enum operator operator;
	enum hla_precision precision;
	enum hla_isa isa;
	enum hla_feature_map map;
	int n, d, dv, heads, kv_heads;
	bool normalize, decays, one_decay, integers, gated; /* one_decay: the same for all heads */
	double ridge, scale;
};

extern int failures, checks;

/* The decay of a head when the setting decays. */
double decay_of(const struct setting *s, int head);

/* Starts the random numbers over. */
void start_numbers(unsigned long long from);

/* Values in -1 .. 1 that float holds, so that all precisions see the same input, or integers in -2 .. 2. */
double draw(bool integer);

/* A gate: 0, 1, tiny, or between a half and 1; with integers 0 or 1. */
double draw_gate(bool integer);

/* An array of elements with a guard band of NaN on both sides. */
struct guarded {
	size_t count, element;
	char *memory;
};

struct inputs {
	struct guarded q, k, v, o, gate;
};

struct guarded guarded(size_t count, size_t element);
void poison(char *at, size_t count, size_t element);
void *inside(const struct guarded *g);
double element_at(const void *array, size_t element, size_t i);
void put(const struct guarded *g, size_t i, double value);
bool guards_hold(const struct guarded *g);

struct hla_session *open_session(const struct setting *s, bool summary);

/* Feeds the stream in calls of `piece` tokens. */
void feed_rows(struct hla_session *session, int n, const struct hla_rows *rows, int piece);
void feed(struct hla_session *session, const struct setting *s, const struct inputs *in, int piece, bool output);

/* A matrix of a session, with the decay that is put off. */
void whole_matrix(const struct hla_session *session, int head, int m, double *values);

void complain(const struct setting *s, const char *what, double error, double bound);

/* The error that the precision allows, relative to the largest expected value. */
double allowed(const struct setting *s);

void compare(const struct setting *s, const char *what, const void *got, size_t element, size_t stride,
		const long double *expected, size_t expected_stride, int rows, int columns, long double least_scale, double bound);

/* Rows of floats, given what a stream in float64 gives with doubles: test_rows.c. */
void check_rows(const struct setting *s, const struct inputs *in);
void check_denormal_rows(struct setting s);

/* Constant gates, given what a stream without gates gives: test_gates.c. */
void check_gates(const struct setting *s, const struct inputs *in);

/* The products of decays and gates behind the stream. */
void check_products(const struct setting *s, const struct inputs *in, const struct hla_session *session);

/* Programs at the limits and beyond: test_programs.c. */
void check_programs(const struct setting *s);

/* What no grid of settings covers: test_edges.c. */
void check_edges(struct setting s);

/* The parts of layers, on all sizes or on few: test_layers.c. */
void check_layers(enum hla_isa isa, bool few);

#endif
