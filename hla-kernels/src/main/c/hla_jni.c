/*
 * The natives of io.hla.kernels.NativeSession and NativeRows. Java has checked every length and makes exceptions of the
 * results; arrays are copied, never pinned, addresses are those of live NativeRows.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "hla_session.h"
#include "io_hla_kernels_NativeRows.h"
#include "io_hla_kernels_NativeSession.h"

/* The most bytes of q, k, v and o that are in flight between Java and the kernels; they should stay in the second cache. */
enum { STAGING_BYTES = 256 * 1024, LINE = 64 };

/* What natives return instead of a handle, or as a result. */
enum { DONE = 0, OUT_OF_MEMORY = -1, REFUSED = -2 };

struct stream {
	struct hla_session *session;
	jint q_width, k_width, v_width, o_width, gate_width;
	jint tokens; /* that the staging holds, a multiple of HLA_BATCH */
	jint most_tokens; /* that it may grow to */
	void *q, *k, *v, *o, *gate;
};

static struct stream *stream_of(jlong handle) { return (struct stream *)(intptr_t)handle; }

/* Reads the program: counts of matrices, derived signals and terms, then y, z, decay; x, matrix, strict, power; signal. */
static bool read_program(struct hla_program *p, const jint *from, jsize length, const jdouble *coefficients,
		jsize coefficient_count)
{
	if (length < 3 || from[0] < 0 || from[0] > HLA_MAX_MATRICES || from[1] < 0 || from[1] > HLA_MAX_DERIVED
			|| from[2] < 0 || from[2] > HLA_MAX_TERMS || coefficient_count != from[2]
			|| length != 3 + 3 * from[0] + 4 * from[1] + from[2])
		return false;
	p->matrix_count = *from++;
	p->derived_count = *from++;
	p->term_count = *from++;
	for (int i = 0; i < p->matrix_count; i++, from += 3) {
		p->matrix[i].y = from[0];
		p->matrix[i].z = from[1];
		p->matrix[i].decay = from[2];
	}
	for (int i = 0; i < p->derived_count; i++, from += 4) {
		p->derived[i].x = from[0];
		p->derived[i].matrix = from[1];
		p->derived[i].strict = from[2];
		p->derived[i].power = from[3];
	}
	for (int i = 0; i < p->term_count; i++) {
		p->term[i].signal = *from++;
		p->term[i].coefficient = coefficients[i];
	}
	return true;
}

/* Replaces the staging by one for some batches of tokens, each part from a cache line on; on failure it stays as it is. */
static bool allocate_staging(struct stream *stream, size_t batches)
{
	enum { PARTS = 5 };
	const size_t tokens = batches * HLA_BATCH, element = (size_t)stream->session->kernels->element;
	const size_t bytes[PARTS] = {(size_t)stream->q_width * element, (size_t)stream->k_width * element,
		(size_t)stream->v_width * element, (size_t)stream->o_width * element, (size_t)stream->gate_width * sizeof(double)};
	void **const parts[PARTS] = {&stream->q, &stream->k, &stream->v, &stream->o, &stream->gate};
	size_t row = 0;
	for (int i = 0; i < PARTS; i++)
		row += (bytes[i] + LINE - 1) / LINE * LINE;
	char *memory = aligned_alloc(LINE, row * tokens);
	if (!memory)
		return false;
	free(stream->q);
	for (int i = 0; i < PARTS; i++) {
		*parts[i] = memory;
		memory += (bytes[i] + LINE - 1) / LINE * LINE * tokens;
	}
	stream->tokens = (jint)tokens;
	stream->most_tokens = (jint)(STAGING_BYTES / row / HLA_BATCH) * HLA_BATCH;
	return true;
}

/* Many streams that are fed a block at a time should hold no more than that. */
static void grow_staging(struct stream *stream, jint count)
{
	const jint wanted = count < stream->most_tokens ? count : stream->most_tokens;
	if (wanted > stream->tokens)
		allocate_staging(stream, (size_t)((wanted + HLA_BATCH - 1) / HLA_BATCH));
}

JNIEXPORT jint JNICALL Java_io_hla_kernels_NativeSession_instructionSet(JNIEnv *env, jclass type, jint cap)
{
	(void)env, (void)type;
	return hla_best_isa((enum hla_isa)cap);
}

JNIEXPORT jdouble JNICALL Java_io_hla_kernels_NativeSession_peak(JNIEnv *env, jclass type, jint isa, jint precision,
		jint turns)
{
	(void)env, (void)type;
	return hla_kernels_of((enum hla_isa)isa, (enum hla_precision)precision)->peak(turns);
}

JNIEXPORT jlong JNICALL Java_io_hla_kernels_NativeSession_create(JNIEnv *env, jclass type, jintArray program,
		jdoubleArray coefficients, jintArray sizes, jdoubleArray scalars, jdoubleArray decay)
{
	(void)type;
	struct hla_settings settings = {0};
	jint numbers[3 + 3 * HLA_MAX_MATRICES + 4 * HLA_MAX_DERIVED + HLA_MAX_TERMS], size[9];
	jdouble terms[HLA_MAX_TERMS], scalar[2];
	const jsize length = (*env)->GetArrayLength(env, program), count = (*env)->GetArrayLength(env, coefficients);
	if (length > (jsize)(sizeof numbers / sizeof *numbers) || count > HLA_MAX_TERMS)
		return REFUSED;
	(*env)->GetIntArrayRegion(env, program, 0, length, numbers);
	(*env)->GetDoubleArrayRegion(env, coefficients, 0, count, terms);
	(*env)->GetIntArrayRegion(env, sizes, 0, 9, size);
	(*env)->GetDoubleArrayRegion(env, scalars, 0, 2, scalar);
	if ((*env)->ExceptionCheck(env) || !read_program(&settings.program, numbers, length, terms, count))
		return REFUSED;
	settings.d = size[0];
	settings.dv = size[1];
	settings.heads = size[2];
	settings.kv_heads = size[3];
	settings.precision = (enum hla_precision)size[4];
	settings.cap = (enum hla_isa)size[5];
	settings.feature_map = (enum hla_feature_map)size[6];
	settings.normalize = size[7];
	settings.gated = size[8];
	settings.scale = scalar[0];
	settings.epsilon = scalar[1];

	struct stream *stream = calloc(1, sizeof *stream);
	double *decays = calloc((size_t)settings.heads, sizeof *decays);
	enum hla_status status = HLA_OUT_OF_MEMORY;
	if (stream && decays) {
		(*env)->GetDoubleArrayRegion(env, decay, 0, settings.heads, decays);
		settings.decay = decays;
		const char *problem;
		status = hla_create(&stream->session, &settings, &problem);
	}
	if (status == HLA_OK) {
		stream->q_width = settings.heads * settings.d;
		stream->k_width = settings.kv_heads * settings.d;
		stream->v_width = settings.kv_heads * settings.dv;
		stream->o_width = settings.heads * settings.dv;
		stream->gate_width = settings.gated ? settings.heads : 0;
		if (!allocate_staging(stream, 1)) {
			hla_destroy(stream->session);
			status = HLA_OUT_OF_MEMORY;
		}
	}
	free(decays);
	if (status == HLA_OK)
		return (jlong)(intptr_t)stream;
	free(stream);
	return status == HLA_OUT_OF_MEMORY ? OUT_OF_MEMORY : REFUSED;
}

JNIEXPORT void JNICALL Java_io_hla_kernels_NativeSession_destroy(JNIEnv *env, jclass type, jlong handle)
{
	(void)env, (void)type;
	struct stream *stream = stream_of(handle);
	hla_destroy(stream->session);
	free(stream->q);
	free(stream);
}

/* The staging has room for elements of the session's arithmetic, and so for floats in any session. */
#define PROCESS(NAME, ARRAY, GET, SET, DOUBLES)                                                                         \
	JNIEXPORT void JNICALL Java_io_hla_kernels_NativeSession_##NAME(JNIEnv *env, jclass type, jlong handle,    \
			ARRAY q, ARRAY k, ARRAY v, jdoubleArray gate, ARRAY o, jint from, jint count)                      \
	{                                                                                                          \
		(void)type;                                                                                            \
		struct stream *s = stream_of(handle);                                                                  \
		grow_staging(s, count);                                                                                \
		for (jint t = from, n; t < from + count; t += n) {                                                     \
			n = from + count - t < s->tokens ? from + count - t : s->tokens;                                   \
			(*env)->GET(env, q, t * s->q_width, n * s->q_width, s->q);                                         \
			(*env)->GET(env, k, t * s->k_width, n * s->k_width, s->k);                                         \
			(*env)->GET(env, v, t * s->v_width, n * s->v_width, s->v);                                         \
			if (gate)                                                                                          \
				(*env)->GetDoubleArrayRegion(env, gate, t * s->gate_width, n * s->gate_width, s->gate);        \
			if ((*env)->ExceptionCheck(env))                                                                   \
				return;                                                                                        \
			const struct hla_rows rows = {s->q, s->k, s->v, o ? s->o : NULL, gate ? s->gate : NULL, DOUBLES,    \
				DOUBLES};                                                                                      \
			s->session->kernels->process(s->session, n, &rows);                                                \
			if (o)                                                                                             \
				(*env)->SET(env, o, t * s->o_width, n * s->o_width, s->o);                                     \
			if (o && (*env)->ExceptionCheck(env))                                                              \
				return;                                                                                        \
		}                                                                                                      \
	}

PROCESS(processFloats, jfloatArray, GetFloatArrayRegion, SetFloatArrayRegion, false)
PROCESS(processDoubles, jdoubleArray, GetDoubleArrayRegion, SetDoubleArrayRegion, true)

/* Piece by piece, so that what one group of heads leaves in the cache of q, k, v and o serves the next. */
JNIEXPORT void JNICALL Java_io_hla_kernels_NativeSession_processRows(JNIEnv *env, jclass type, jlong handle, jlong q,
		jlong k, jlong v, jlong gate, jlong o, jint count, jboolean double_input, jboolean double_output)
{
	(void)env, (void)type;
	struct stream *s = stream_of(handle);
	const struct hla_rows all = {(const void *)(intptr_t)q, (const void *)(intptr_t)k, (const void *)(intptr_t)v,
		(void *)(intptr_t)o, (const double *)(intptr_t)gate, double_input, double_output};
	const jint most = s->most_tokens > HLA_BATCH ? s->most_tokens : HLA_BATCH;
	for (jint t = 0, n; t < count; t += n) {
		n = count - t < most ? count - t : most;
		const struct hla_rows rows = hla_rows_from(s->session, all, t);
		s->session->kernels->process(s->session, n, &rows);
	}
}

JNIEXPORT jlong JNICALL Java_io_hla_kernels_NativeRows_allocate(JNIEnv *env, jclass type, jlong bytes)
{
	(void)env, (void)type;
	/* Zeros: what stands behind the last token is read by whole vectors, and must not be a trap. */
	void *memory = aligned_alloc(LINE, (size_t)bytes);
	return (jlong)(intptr_t)(memory ? memset(memory, 0, (size_t)bytes) : NULL);
}

JNIEXPORT void JNICALL Java_io_hla_kernels_NativeRows_free(JNIEnv *env, jclass type, jlong address)
{
	(void)env, (void)type;
	free((void *)(intptr_t)address);
}

JNIEXPORT jdouble JNICALL Java_io_hla_kernels_NativeRows_get(JNIEnv *env, jclass type, jlong address, jint index,
		jboolean is_double)
{
	(void)env, (void)type;
	const void *rows = (const void *)(intptr_t)address;
	return is_double ? ((const double *)rows)[index] : ((const float *)rows)[index];
}

JNIEXPORT void JNICALL Java_io_hla_kernels_NativeRows_set(JNIEnv *env, jclass type, jlong address, jint index,
		jboolean is_double, jdouble number)
{
	(void)env, (void)type;
	void *rows = (void *)(intptr_t)address;
	if (is_double)
		((double *)rows)[index] = number;
	else
		((float *)rows)[index] = (float)number;
}

/* All bits of the exponent are set in infinities and NaN alone. Loops of integers, which the compiler vectorizes. */
JNIEXPORT jboolean JNICALL Java_io_hla_kernels_NativeRows_isFinite(JNIEnv *env, jclass type, jlong address, jint count,
		jboolean is_double)
{
	(void)env, (void)type;
	if (is_double) {
		const uint64_t *bits = (const uint64_t *)(intptr_t)address, exponent = UINT64_C(0x7ff) << 52;
		uint64_t found = 0;
		for (jint i = 0; i < count; i++)
			found |= (bits[i] & exponent) == exponent;
		return !found;
	}
	const uint32_t *bits = (const uint32_t *)(intptr_t)address, exponent = UINT32_C(0xff) << 23;
	uint32_t found = 0;
	for (jint i = 0; i < count; i++)
		found |= (bits[i] & exponent) == exponent;
	return !found;
}

JNIEXPORT jint JNICALL Java_io_hla_kernels_NativeSession_setMatrix(JNIEnv *env, jclass type, jlong handle, jint head,
		jint matrix, jdoubleArray values, jint offset)
{
	(void)type;
	struct hla_session *session = stream_of(handle)->session;
	if (head != hla_first_sharing(session, session->decay, head, matrix))
		return DONE;
	const size_t count = (size_t)hla_matrix_rows(session, matrix) * (size_t)hla_matrix_columns(session, matrix);
	double *copy = malloc(count * sizeof *copy);
	if (!copy)
		return OUT_OF_MEMORY;
	(*env)->GetDoubleArrayRegion(env, values, offset, (jsize)count, copy);
	if (!(*env)->ExceptionCheck(env))
		session->kernels->set_matrix(session, head, matrix, copy);
	free(copy);
	return DONE;
}

JNIEXPORT jint JNICALL Java_io_hla_kernels_NativeSession_getMatrix(JNIEnv *env, jclass type, jlong handle, jint head,
		jint matrix, jdoubleArray values, jint offset)
{
	(void)type;
	struct hla_session *session = stream_of(handle)->session;
	const size_t count = (size_t)hla_matrix_rows(session, matrix) * (size_t)hla_matrix_columns(session, matrix);
	double *copy = malloc(count * sizeof *copy);
	if (!copy)
		return OUT_OF_MEMORY;
	session->kernels->get_matrix(session, head, matrix, copy);
	(*env)->SetDoubleArrayRegion(env, values, offset, (jsize)count, copy);
	free(copy);
	return DONE;
}

JNIEXPORT jint JNICALL Java_io_hla_kernels_NativeSession_tokensOfBatch(JNIEnv *env, jclass type, jlong handle)
{
	(void)env, (void)type;
	return hla_tokens_of_batch(stream_of(handle)->session);
}

JNIEXPORT jdouble JNICALL Java_io_hla_kernels_NativeSession_putOff(JNIEnv *env, jclass type, jlong handle, jint head,
		jint matrix)
{
	(void)env, (void)type;
	return hla_put_off(stream_of(handle)->session, head, matrix);
}

JNIEXPORT jboolean JNICALL Java_io_hla_kernels_NativeSession_resume(JNIEnv *env, jclass type, jlong handle, jint tokens)
{
	(void)env, (void)type;
	return hla_resume(stream_of(handle)->session, tokens);
}

JNIEXPORT void JNICALL Java_io_hla_kernels_NativeSession_products(JNIEnv *env, jclass type, jlong handle, jdoubleArray to)
{
	(void)type;
	const struct hla_session *session = stream_of(handle)->session;
	for (jint head = 0; head < session->heads; head++) {
		const jdouble product = hla_product(session, head);
		(*env)->SetDoubleArrayRegion(env, to, head, 1, &product);
		if ((*env)->ExceptionCheck(env))
			return;
	}
}
