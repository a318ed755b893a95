/* A second GPU, how much memory is left, and what other threads may do while a step is recorded. */
#include "tests/engine/trial.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/build.h"
#include "engine/cuda/cuda.h"
#include "tests/cusim/control.h"

TCase *tcase_gpus(void);

enum { MIB = 1 << 20 };

static struct err e;

static void begin(void)
{
	memset(&e, 0, sizeof e);
	setenv("CUSIM_GPUS", "3", 1);
	setenv("CUSIM_MEM_MB", "100", 1);
	cusim_configure();
}

static size_t taken(int device)
{
	size_t left = 0, all = 0;
	ck_assert_int_eq(cudaSetDevice(device), cudaSuccess);
	ck_assert_int_eq(cudaMemGetInfo(&left, &all), cudaSuccess);
	return all - left;
}

/* All that cuda:1 takes is taken there, and its products and kernels run there: the simulator judges that memory and streams are of one device. */
START_TEST(second_of_three)
{
	struct trial t;
	struct trial_plan p;
	trial_open(&t, "cuda:1", PRECISION_F32);
	struct trial_leaf *const x = trial_leaf(&t, "x", type_of(shape2(1, 2), CLASS_ACT), false);
	struct trial_leaf *const w = trial_leaf(&t, "w", (struct type){shape2(2, 1), CLASS_WIDE, ROW_MAJOR}, true);
	x->value[0] = 3, x->value[1] = -5;
	w->value[0] = 2, w->value[1] = 0.5;
	struct node *const y = graph_exp(t.g, graph_matmul(t.g, x->node, w->node, NULL, false, false));
	trial_place(&t);
	trial_prepare(&t, &p, (struct node *[]){y}, 1);
	trial_run(&t, &p);
	ck_assert_double_eq_tol(p.value[0][0], exp(3.5), 1e-4);
	ck_assert_uint_eq(taken(0), 0);
	ck_assert_uint_eq(taken(2), 0);
	ck_assert_uint_ge(taken(1), 32 * MIB);
	ck_assert_int_eq(cudaSetDevice(1), cudaSuccess);
	trial_release(&t, &p);
	trial_close(&t);
	ck_assert_uint_eq(taken(1), 0);
}
END_TEST

START_TEST(memory_that_is_left)
{
	struct arena *const life = arena_open("test");
	struct device *dev = NULL;
	void *mem = NULL;
	ck_assert_msg(device_open(life, "cuda", 1, &dev, &e) == OK, "%s", e.text);
	const size_t before = device_memory(dev);
	ck_assert_uint_eq(before, (size_t)100 * MIB - taken(0));
	ck_assert_uint_lt(before, (size_t)68 * MIB); /* cuBLAS has its workspace */
	ck_assert_int_eq(device_alloc(dev, 20 * MIB, &mem, &e), OK);
	ck_assert_uint_eq(device_memory(dev), before - (size_t)20 * MIB);
	device_free(dev, mem, 20 * MIB);
	ck_assert_uint_eq(device_memory(dev), before);
	device_close(dev);
	arena_close(life);
}
END_TEST

static void *take_pinned(void *given)
{
	struct device *const dev = given;
	void *mem = NULL;
	static struct err why;
	if (dev->backend->host_alloc(dev->impl, 64, &mem, &why) != OK)
		return &why;
	dev->backend->host_free(dev->impl, mem);
	return NULL;
}

/* As one that loads pictures does at any time. */
START_TEST(pinned_memory_while_a_step_is_recorded)
{
	struct arena *const life = arena_open("test");
	struct device *dev = NULL;
	void *mem = NULL, *record = NULL, *failed = NULL;
	pthread_t other;
	float seen = 0;
	ck_assert_msg(device_open(life, "cuda", 1, &dev, &e) == OK, "%s", e.text);
	const struct backend *const b = dev->backend;
	ck_assert_int_eq(device_alloc(dev, 64, &mem, &e), OK);
	ck_assert_int_eq(b->record_begin(dev->impl, &e), OK);
	b->fill(dev->impl, mem, F32, 2.5, 16);
	ck_assert_int_eq(pthread_create(&other, NULL, take_pinned, dev), 0);
	ck_assert_int_eq(pthread_join(other, &failed), 0);
	ck_assert_msg(!failed, "%s", ((struct err *)failed)->text);
	ck_assert_msg(b->record_end(dev->impl, &record, &e) == OK, "%s", e.text);
	b->replay(dev->impl, record);
	b->get(dev->impl, &seen, mem, sizeof seen);
	ck_assert_msg(device_wait(dev, &e) == OK, "%s", e.text);
	ck_assert_float_eq(seen, 2.5f);
	b->record_free(dev->impl, record);
	device_free(dev, mem, 64);
	device_close(dev);
	arena_close(life);
}
END_TEST

TCase *tcase_gpus(void)
{
	TCase *const tc = tcase_create("gpus");
	tcase_add_checked_fixture(tc, begin, NULL);
	tcase_add_test(tc, second_of_three);
	tcase_add_test(tc, memory_that_is_left);
	tcase_add_test(tc, pinned_memory_while_a_step_is_recorded);
	return tc;
}
