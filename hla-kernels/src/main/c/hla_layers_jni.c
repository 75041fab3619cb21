/*
 * The natives of io.hla.layers.NativeLayers. Java has checked every length, and calls for pieces of work that take a few
 * milliseconds at most: arrays are held where they lie, and the garbage collector may have to wait that long.
 */
#include "hla_layers.h"
#include "io_hla_layers_NativeLayers.h"

/* Arrays that are held together. */
enum { MOST_HELD = 4 };
struct held {
	jarray array[MOST_HELD];
	void *numbers[MOST_HELD];
	jint mode[MOST_HELD];
	int count;
};

/* Null, with an exception pending, where there is no memory for a copy. */
static void *hold(JNIEnv *env, struct held *held, jobject array, jint mode)
{
	void *numbers = (*env)->GetPrimitiveArrayCritical(env, array, NULL);
	if (numbers) {
		held->array[held->count] = array;
		held->numbers[held->count] = numbers;
		held->mode[held->count++] = mode;
	}
	return numbers;
}

static void *hold_input(JNIEnv *env, struct held *held, jobject array) { return hold(env, held, array, JNI_ABORT); }
static void *hold_output(JNIEnv *env, struct held *held, jobject array) { return hold(env, held, array, 0); }

static void release(JNIEnv *env, struct held *held)
{
	while (held->count-- > 0)
		(*env)->ReleasePrimitiveArrayCritical(env, held->array[held->count], held->numbers[held->count],
				held->mode[held->count]);
}

/* The array from a number on. */
static void *from(void *numbers, jlong at, jboolean doubles)
{
	return (char *)numbers + at * (jlong)(doubles ? sizeof(double) : sizeof(float));
}

JNIEXPORT void JNICALL Java_io_hla_layers_NativeLayers_linear(JNIEnv *env, jclass type, jint isa, jboolean doubles,
		jobject weights, jint in, jint out, jobject x, jobject y, jint token, jint tokens, jint panel, jint panels,
		jboolean add)
{
	(void)type;
	struct held held = {.count = 0};
	void *w_at, *x_at, *y_at;
	if ((w_at = hold_input(env, &held, weights)) && (x_at = hold_input(env, &held, x))
			&& (y_at = hold_output(env, &held, y))) {
		const struct hla_linear linear = {
			.weights = w_at,
			.x = from(x_at, (jlong)token * in, doubles),
			.y = from(y_at, (jlong)token * out, doubles),
			.in = in,
			.out = out,
			.tokens = tokens,
			.first_panel = panel,
			.panels = panels,
			.add = add,
		};
		hla_layers_of((enum hla_isa)isa, doubles)->linear(&linear);
	}
	release(env, &held);
}

JNIEXPORT void JNICALL Java_io_hla_layers_NativeLayers_rmsNorm(JNIEnv *env, jclass type, jint isa, jboolean doubles,
		jdoubleArray weight, jint size, jdouble epsilon, jobject x, jobject y, jint group, jint groups)
{
	(void)type;
	struct held held = {.count = 0};
	void *w_at, *x_at, *y_at;
	if ((w_at = hold_input(env, &held, weight)) && (x_at = hold_input(env, &held, x)) && (y_at = hold_output(env, &held, y)))
		hla_norms_of((enum hla_isa)isa)->rms_norm(w_at, size, epsilon, doubles, from(x_at, (jlong)group * size, doubles),
				from(y_at, (jlong)group * size, doubles), groups);
	release(env, &held);
}

JNIEXPORT void JNICALL Java_io_hla_layers_NativeLayers_multiplySwish(JNIEnv *env, jclass type, jint isa, jboolean doubles,
		jobject gate, jobject y, jint at, jint count)
{
	(void)type;
	struct held held = {.count = 0};
	void *gate_at, *y_at;
	if ((gate_at = hold_input(env, &held, gate)) && (y_at = hold_output(env, &held, y)))
		hla_layers_of((enum hla_isa)isa, doubles)->multiply_swish(from(gate_at, at, doubles), from(y_at, at, doubles), count);
	release(env, &held);
}

JNIEXPORT void JNICALL Java_io_hla_layers_NativeLayers_logProbability(JNIEnv *env, jclass type, jint isa, jboolean doubles,
		jobject logits, jint width, jintArray ids, jdoubleArray to, jint token, jint tokens)
{
	(void)type;
	struct held held = {.count = 0};
	void *logits_at, *ids_at, *to_at;
	if ((logits_at = hold_input(env, &held, logits)) && (ids_at = hold_input(env, &held, ids))
			&& (to_at = hold_output(env, &held, to)))
		hla_norms_of((enum hla_isa)isa)->log_probability(doubles, from(logits_at, (jlong)token * width, doubles), width,
				(const jint *)ids_at + token, (double *)to_at + token, tokens);
	release(env, &held);
}
