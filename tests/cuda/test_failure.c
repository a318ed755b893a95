/* Kernels that fail on the device, one after the other: what is said of each, with LIMBECK_SYNC and without, queued one by one and as a graph. */
#include "tests/engine/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/build.h"
#include "engine/cuda/cuda.h"
#include "engine/plan_int.h"
#include "tests/cusim/control.h"

TCase *tcase_failure(void);

enum { MOST = 40 };

/* tanh of a product of exp of x: three kernels that follow each other, between those of every step. */
static const char *const ops[] = {"exp", "matmul", "tanh"};
enum { OPS = sizeof ops / sizeof *ops };

/* The n-th kernel from here on faults; 0: none, and the device is as new. */
static void fault(int n)
{
	char text[16];
	snprintf(text, sizeof text, "%d", n);
	setenv("CUSIM_FAULT", text, 1);
	cusim_configure();
}

/* What a run says of which the n-th kernel faults, the first run after so many good ones. False: it had fewer. */
static bool run_with_fault(int n, int before, char said[sizeof((struct err *)0)->text])
{
	struct trial t;
	struct trial_plan p;
	fault(0);
	trial_open(&t, "cuda", PRECISION_F32);
	struct node *const x = trial_leaf(&t, "x", type_of(shape2(4, 6), CLASS_ACT), false)->node;
	struct node *const w = trial_leaf(&t, "w", (struct type){shape2(6, 5), CLASS_WIDE, ROW_MAJOR}, true)->node;
	struct node *const y = graph_tanh(t.g, graph_matmul(t.g, graph_exp(t.g, x), w, NULL, false, false));
	trial_place(&t);
	trial_prepare(&t, &p, (struct node *[]){y}, 1);
	for (int i = 0; i < before; i++)
		trial_run(&t, &p);
	ck_assert_int_eq(device_wait(t.dev, &t.err), OK);
	ck_assert_int_eq(p.plan->record != NULL, before > 1);
	fault(n);
	enum status st = plan_run(p.plan, &t.err);
	if (st == OK)
		st = device_wait(t.dev, &t.err);
	snprintf(said, sizeof t.err.text, "%s", t.err.text);
	ck_assert_msg(st == (*said ? E_ENV : OK), "%d: %s", st, said);
	fault(0);
	trial_release(&t, &p);
	trial_close(&t);
	return *said;
}

static void settings(const char *sync, const char *streams)
{
	setenv("LIMBECK_SYNC", sync, 1);
	setenv("CUSIM_STREAMS", streams, 1);
}

static const char *const orders[] = {"eager", "lazy"};
static char said[sizeof((struct err *)0)->text];

/* Each op once, in their order, and never another's name for one of theirs. Gives which kernels they are. */
static void kernels_of_ops(int kernel[OPS], int before)
{
	char want[64];
	int found = 0;
	for (int n = 1; n < MOST && run_with_fault(n, before, said); n++) {
		ck_assert_msg(strstr(said, "failed: cudaErrorIllegalAddress (cudaErrorIllegalAddress)") != NULL, "%s", said);
		ck_assert_ptr_null(strstr(said, "LIMBECK_SYNC"));
		ck_assert_ptr_null(strstr(said, "wait failed"));
		snprintf(want, sizeof want, "device 'cuda': %s failed: ", found < OPS ? ops[found] : "");
		if (found < OPS && strstr(said, want))
			kernel[found++] = n;
	}
	ck_assert_int_eq(found, OPS);
	ck_assert_int_eq(kernel[1], kernel[0] + 1);
	ck_assert_int_eq(kernel[2], kernel[1] + 1);
}

START_TEST(named_where_each_is_waited_for)
{
	int kernel[OPS];
	settings("1", orders[_i]);
	kernels_of_ops(kernel, 0);
	kernels_of_ops(kernel, 1);
}
END_TEST

static void is_of_any_kernel(const char *where)
{
	ck_assert_msg(strstr(said, "device 'cuda': a kernel failed, which was noticed later (") != NULL, "%s", said);
	ck_assert_msg(!where || strstr(said, where) != NULL, "%s", said);
	ck_assert_msg(strstr(said, "LIMBECK_SYNC=1 waits after each kernel and names the one") != NULL, "%s", said);
}

/* The next call that asks is told of it: another op's, a product's too; where work is put off until somebody waits, the one that waits. */
START_TEST(not_named_where_none_is_waited_for)
{
	static const char *const next[] = {"(matmul failed)", "(tanh failed)", NULL};
	int kernel[OPS];
	settings("1", "eager");
	kernels_of_ops(kernel, 0);
	settings("0", orders[_i]);
	for (int k = 0; k < OPS; k++) {
		ck_assert(run_with_fault(kernel[k], 0, said));
		is_of_any_kernel(_i ? NULL : next[k]);
		ck_assert(!_i || !strstr(said, next[0]));
	}
}
END_TEST

START_TEST(not_named_in_a_graph)
{
	int kernel[OPS];
	settings("1", "eager");
	kernels_of_ops(kernel, 1);
	settings("0", orders[_i]);
	for (int k = 0; k < OPS; k++) {
		ck_assert(run_with_fault(kernel[k], 2, said));
		is_of_any_kernel(NULL);
		for (int j = 0; j < OPS; j++)
			ck_assert_ptr_null(strstr(said, ops[j]));
	}
}
END_TEST

static struct err e;
static struct arena *life;
static struct device *dev;

static void begin(void)
{
	memset(&e, 0, sizeof e);
	life = arena_open("test");
	ck_assert_msg(device_open(life, "cuda", 1, &dev, &e) == OK, "%s", e.text);
}

static void end(void)
{
	fault(0);
	device_close(dev);
	arena_close(life);
}

/* Memory is not what is missing. */
START_TEST(no_lack_of_memory)
{
	settings("0", "eager");
	begin();
	const struct backend *const b = dev->backend;
	void *mem = NULL, *more = NULL;
	ck_assert_int_eq(device_alloc(dev, 64, &mem, &e), OK);
	ck_assert_int_eq(device_wait(dev, &e), OK);
	fault(1);
	b->fill(dev->impl, mem, F32, 1, 16);
	ck_assert_int_eq(_i ? b->host_alloc(dev->impl, 64, &more, &e) : device_alloc(dev, 64, &more, &e), E_ENV);
	snprintf(said, sizeof said, "%s", e.text);
	is_of_any_kernel(_i ? "(pinned memory failed)" : "(alloc failed)");
	fault(0);
	device_free(dev, mem, 64);
	end();
}
END_TEST

/* What failed on a lane is told by a wait for the device, once it has joined: an op's own as that, and also where it had begun before the fork. */
START_TEST(lanes_tell)
{
	begin();
	struct device *lane;
	ck_assert_int_eq(device_lane(dev, 0, &lane, &e), OK);
	if (_i)
		cuda_note(dev->impl, "conv2d", cudaErrorInvalidConfiguration);
	device_fork(lane);
	if (!_i)
		cuda_note(lane->impl, "conv2d", cudaErrorInvalidConfiguration);
	device_join(lane);
	ck_assert_int_eq(device_wait(dev, &e), E_ENV);
	ck_assert_str_eq(e.text, "device 'cuda': conv2d failed: cudaErrorInvalidConfiguration (cudaErrorInvalidConfiguration)");
	end();
}
END_TEST

TCase *tcase_failure(void)
{
	TCase *const tc = tcase_create("failure");
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, named_where_each_is_waited_for, 0, 2);
	tcase_add_loop_test(tc, not_named_where_none_is_waited_for, 0, 2);
	tcase_add_loop_test(tc, not_named_in_a_graph, 0, 2);
	tcase_add_loop_test(tc, no_lack_of_memory, 0, 2);
	tcase_add_loop_test(tc, lanes_tell, 0, 2);
	return tc;
}
