#include "runs/predictions.h"

#include <math.h>

#include "runs/safetensors.h"

enum status predictions_save(const struct predictions *p, const char *path, struct err *e)
{
	const size_t n = (size_t)p->n;
	const bool logits = p->logits && n * (size_t)p->K <= PREDICTIONS_LOGITS_MAX;
	const struct st_tensor tensors[] = {
		{.name = "label", .dtype = I32, .shape = shape1(p->n), .data = p->label, .bytes = n * sizeof *p->label},
		{.name = "answer", .dtype = I32, .shape = shape1(p->n), .data = p->answer, .bytes = n * sizeof *p->answer},
		{.name = "sample", .dtype = I32, .shape = shape1(p->n), .data = p->sample, .bytes = n * sizeof *p->sample},
		{.name = "logits", .dtype = F32, .shape = shape2(p->n, p->K), .data = p->logits, .bytes = n * (size_t)p->K * sizeof *p->logits},
	};
	return st_write(path, tensors, logits ? 4 : 3, NULL, 0, e);
}

/* n: what it must have; 0: whatever it has. */
static const struct st_tensor *numbers(const struct st_file *f, const char *name, int n)
{
	const struct st_tensor *t = st_find(f, name);
	return t && !t->is_i64 && t->dtype == I32 && t->shape.n_dim == 1 && t->shape.d[0] > 0 && (!n || t->shape.d[0] == n) ? t : NULL;
}

enum status predictions_load(struct arena *a, const char *path, struct predictions *p, struct err *e)
{
	struct st_file f;
	*p = (struct predictions){0};
	const enum status st = st_read(a, path, &f, e);
	if (st != OK)
		return st;
	const struct st_tensor *label = numbers(&f, "label", 0);
	const int n = label ? (int)label->shape.d[0] : 0;
	const struct st_tensor *answer = numbers(&f, "answer", n), *sample = numbers(&f, "sample", n), *logits = st_find(&f, "logits");
	if (!label || !answer || !sample ||
	    (logits && (logits->is_i64 || logits->dtype != F32 || logits->shape.n_dim != 2 || logits->shape.d[0] != n)))
		return err_env(e, "'%s' holds no predictions: 'label', 'answer' and 'sample' must be I32 and as many", path);
	*p = (struct predictions){
		.n = n,
		.label = (int32_t *)(uintptr_t)label->data,
		.answer = (int32_t *)(uintptr_t)answer->data,
		.sample = (int32_t *)(uintptr_t)sample->data,
		.logits = logits ? (float *)(uintptr_t)logits->data : NULL,
		.K = logits ? (int)logits->shape.d[1] : 0,
	};
	for (int i = 0; i < n; i++)
		if (p->label[i] < 0 || p->answer[i] < 0 || (p->K && (p->label[i] >= p->K || p->answer[i] >= p->K)))
			return err_env(e, "'%s': picture %d has a class that is none", path, i);
	return OK;
}

double predictions_top5(const struct predictions *p)
{
	enum { TOP = 5 };
	long right = 0;
	if (!p->logits || p->K <= TOP)
		return NAN;
	for (int i = 0; i < p->n; i++) {
		const float *z = p->logits + (size_t)i * (size_t)p->K;
		const int label = p->label[i];
		int rank = 0;
		for (int k = 0; k < p->K; k++)
			rank += z[k] > z[label] || (z[k] == z[label] && k < label);
		right += rank < TOP;
	}
	return 100.0 * (double)right / p->n;
}
