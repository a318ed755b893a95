#include "report/answers.h"

#include <math.h>

#include "base/file.h"
#include "base/log.h"
#include "runs/safetensors.h"

enum { BINS = 15 };

static bool in_range(const int32_t *v, int n, int classes)
{
	for (int i = 0; i < n; i++)
		if (v[i] < 0 || v[i] >= classes)
			return false;
	return true;
}

static bool is_numbers(const struct st_tensor *t)
{
	return t && !t->is_i64 && t->dtype == I32 && t->bytes > 0 && t->bytes / sizeof(int32_t) <= INT32_MAX;
}

static bool fill(const struct st_file *f, struct answers *out)
{
	const struct st_tensor *label = st_find(f, "label"), *answer = st_find(f, "answer"), *sample = st_find(f, "sample"), *logits = st_find(f, "logits");
	if (!is_numbers(label) || !is_numbers(answer) || answer->bytes != label->bytes)
		return false;
	const size_t n = label->bytes / sizeof(int32_t);
	*out = (struct answers){.n = (int)n, .label = label->data, .answer = answer->data};
	if (is_numbers(sample) && sample->bytes == label->bytes)
		out->sample = sample->data;
	for (size_t i = 0; i < n; i++) {
		out->classes = out->label[i] >= out->classes ? out->label[i] + 1 : out->classes;
		out->classes = out->answer[i] >= out->classes ? out->answer[i] + 1 : out->classes;
	}
	if (logits && (logits->is_i64 || logits->dtype != F32 || logits->shape.n_dim != 2 || (size_t)logits->shape.d[0] != n))
		return false;
	if (logits) {
		out->classes = logits->shape.d[1];
		out->logits = logits->data;
	}
	return out->classes > 0 && in_range(out->label, out->n, out->classes) && in_range(out->answer, out->n, out->classes);
}

static const char *path_of(struct arena *a, const char *home, bool best)
{
	return path_join(a, home, best ? "test_best.safetensors" : "test.safetensors");
}

bool answers_there(struct arena *a, const char *home, bool best)
{
	return file_exists(path_of(a, home, best));
}

bool answers_read(struct arena *a, const char *home, bool best, struct answers *out)
{
	const char *path = path_of(a, home, best);
	struct st_file f;
	struct err e = {0};
	*out = (struct answers){0};
	if (!file_exists(path))
		return false;
	if (st_read(a, path, &f, &e) != OK) {
		log_line(LOG_WARN, "%s", e.text);
		return false;
	}
	if (fill(&f, out))
		return true;
	log_line(LOG_WARN, "'%s' does not hold answers: label and answer, and logits that fit them", path);
	*out = (struct answers){0};
	return false;
}

bool answers_match(const struct answers *a, const struct answers *b)
{
	bool same = a->n > 0 && a->n == b->n;
	for (int i = 0; i < a->n && same; i++)
		same = a->label[i] == b->label[i];
	return same;
}

double answers_agreement(const struct answers *s, const struct answers *t)
{
	long same = 0;
	if (!answers_match(s, t))
		return NAN;
	for (int i = 0; i < s->n; i++)
		same += s->answer[i] == t->answer[i];
	return 100.0 * (double)same / s->n;
}

/* Logarithm of the sum of exponentials. */
static double log_sum(const float *z, int K)
{
	double most = -INFINITY, sum = 0;
	for (int k = 0; k < K; k++)
		most = fmax(most, z[k]);
	for (int k = 0; k < K; k++)
		sum += exp(z[k] - most);
	return most + log(sum);
}

double answers_divergence(const struct answers *s, const struct answers *t)
{
	double sum = 0;
	if (!s->logits || !t->logits || s->classes != t->classes || !answers_match(s, t))
		return NAN;
	for (int i = 0; i < s->n; i++) {
		const float *zs = s->logits + (size_t)i * (size_t)s->classes, *zt = t->logits + (size_t)i * (size_t)s->classes;
		const double ls = log_sum(zs, s->classes), lt = log_sum(zt, s->classes);
		for (int k = 0; k < s->classes; k++)
			sum += exp(zt[k] - lt) * ((zt[k] - lt) - (zs[k] - ls));
	}
	return sum / s->n;
}

double answers_confidence(const struct answers *s, int i)
{
	if (!s->logits)
		return NAN;
	const float *z = s->logits + (size_t)i * (size_t)s->classes;
	return exp(z[s->answer[i]] - log_sum(z, s->classes));
}

double answers_calibration(const struct answers *s)
{
	double confidence[BINS] = {0}, right[BINS] = {0}, sum = 0;
	if (!s->logits || !s->n)
		return NAN;
	for (int i = 0; i < s->n; i++) {
		const double c = answers_confidence(s, i);
		if (!isfinite(c))
			return NAN;
		const int b = (int)fmin(fmax(ceil(c * BINS) - 1, 0), BINS - 1); /* (0, 1/15], (1/15, 2/15], ... */
		confidence[b] += c;
		right[b] += s->answer[i] == s->label[i];
	}
	for (int b = 0; b < BINS; b++)
		sum += fabs(right[b] - confidence[b]);
	return 100 * sum / s->n;
}
