/* What the tests of models share. */
#ifndef TESTS_MODELS_MODELS_H
#define TESTS_MODELS_MODELS_H

#include <check.h>
#include <stdbool.h>

#include "engine/plan.h"
#include "models/model.h"

TCase *tcase_names(void);
TCase *tcase_net(void);
TCase *tcase_forward(void);
TCase *tcase_modes(void);
TCase *tcase_init(void);
TCase *tcase_int8(void);

/* A checked fixture: an arena and an empty err for each test. */
extern struct arena *arena;
extern struct err err;
void setup(void);
void teardown(void);

/* Fails the test with err's text unless st is OK. */
#define ASSERT_OK(st) ck_assert_msg((st) == OK, "%s", err.text)

/* A network from YAML, {model: cnn, ...}; NULL: err says why. */
struct net *net_yaml(const char *yaml, int C, int H, int W, int classes);
/* From a name, or the test fails. Placed on dev and initialised with seed 1 unless dev is NULL. */
struct net *net_on(const char *model, int size, int classes, struct device *dev);
struct device *device_of(const char *name);
void net_set(struct net *net, const char *name, const double *v);
/* One element of a parameter or state. */
double net_get(struct net *net, const char *name, int64_t i);

/* A graph that can be run again and again; kept nodes are read after a run. */
struct session {
	struct step_desc desc;
	struct segment segment;
	struct plan *plan;
	struct device *dev;
	void *workspace;
	size_t size;
};
struct session *session_open(struct device *dev, struct graph *g, struct node **keep, int n);
/* host: f32 in memory order, which is channels last. */
void session_run(struct session *s, const struct node *input, const float *host);
/* All elements of a kept node, in logical order. */
double *session_read(struct session *s, const struct node *n);
void session_close(struct session *s);

/* All names of all models. */
const char *name_number(int i); /* NULL: there are not so many */
int name_count(void);
bool is_huge(const char *name); /* not run: 36 million weights, and no code that the narrow ones lack */

/* n values from -2 to 2 that are exact in bf16 and follow no short pattern; in the arena. */
float *pictures(int64_t n);

#endif
