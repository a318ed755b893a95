/*
 * Cases: one op (or a few) on random inputs. test_grad.c checks first and second derivatives on `ref` by central
 * differences, test_against_ref.c compares a device with `ref`. Hand cases have values worked out on paper; test_hand.c.
 *
 * Every op must be covered: an op whose gradient stops (and reverse_gradient, normalize, those in bytes) by a hand case,
 * any other by a case that differentiates it.
 */
#ifndef TESTS_ENGINE_CASES_H
#define TESTS_ENGINE_CASES_H

#include <check.h>

#include "engine/build.h"

/* What is compared with `ref`, which precisions it takes beside f32 and bf16, and all that are tested one by one. tests/cuda builds these files once
   more, for its device, and `limbeck selftest` for the one that a user names. */
#if defined TEST_SELFTEST
#include "cli/selftest/selftest.h"
#define TEST_DEVICE "selftest"
#define TEST_TAKES(precision) selftest_takes(precision)
#define TEST_DEVICES "selftest"
#define device_open selftest_device_open
#define device_close selftest_device_close
#elif defined TEST_CUDA
#include "engine/device.h"
#define TEST_DEVICE "cuda"
#define TEST_TAKES(precision) true
#define TEST_DEVICES "cuda"
/* In which order the simulated device does its work: another one for each precision, unless the environment says which. */
void test_order(enum precision precision);
#define TEST_ORDER(precision) test_order(precision)
#else
#define TEST_DEVICE "cpu"
#define TEST_TAKES(precision) false
#define TEST_DEVICES "ref", "late", "cpu"
#endif

#ifndef TEST_ORDER
#define TEST_ORDER(precision) ((void)(precision))
#endif

enum { CASE_IN = 6, CASE_KINK = 3 };

enum in_flags {
	IN_PARAM = 1, /* a parameter: wide, and ROW_MAJOR at rank 4; else graph_input, CHANNELS_LAST at rank 4 */
	IN_APART = 2, /* the elements of all such inputs of a case are different and not close: no ties between them */
	IN_FIXED = 4, /* no derivative with respect to it is asked for; integers never have one */
};

struct case_in {
	struct shape shape;
	enum tclass cls;
	double lo, hi; /* elements are uniform in [lo, hi]; integers in lo..hi, both included */
	unsigned flags;
	int n_kink;
	double kink[CASE_KINK]; /* values where the op has no derivative: elements within two steps of one are skipped */
};

enum case_flags {
	CASE_SECOND = 1,  /* the gradient can be differentiated too, and that is checked */
	CASE_FORWARD = 2, /* values only (cpu against ref) */
	CASE_NO_BF16 = 4, /* not compared in bf16, and the reason stands beside it */
	CASE_NO_F16 = 8,  /* nor in f16 */
};

struct op_case {
	const char *name; /* of the op; a variant after a blank: "conv2d stride 2" */
	struct node *(*build)(struct graph *g, struct node *const x[]); /* gives y: any class */
	unsigned flags;
	int n_in;
	struct case_in in[CASE_IN];
	double f32, bf16; /* largest error of cpu against ref, relative to |ref| + rms(ref); 0: 1e-5 and 1/64. In f16 an eighth of that in bf16 */
};

/* g->sample and g->epoch, where an op made them, are filled with 0, 1, 2, ... and 3. */
extern const struct op_case cases_a[], cases_b[];
extern const int n_cases_a, n_cases_b;
/* Of test_against_ref.c alone: too large for differences. */
extern const struct op_case cases_wide[];
extern const int n_cases_wide;

struct hand_in {
	struct shape shape;
	enum tclass cls;
	double v[24]; /* logical order */
};

struct hand_case {
	const char *name; /* of the op; a variant after a blank */
	struct node *(*build)(struct graph *g, struct node *const x[]);
	int n_in;
	struct hand_in in[CASE_IN];
	struct shape shape; /* of y */
	double y[24];       /* on ref to 1e-12, on cpu to 1e-6, relative to max(1, |y|) */
};

extern const struct hand_case hands_a[], hands_b[];
extern const int n_hands_a, n_hands_b;

/* Test cases for the suite of main.c: test_*.c. */
TCase *tcase_grad(void);
TCase *tcase_hand(void);
TCase *tcase_against_ref(void);
TCase *tcase_wide(void);
TCase *tcase_optim(void);
TCase *tcase_late(void);
TCase *tcase_int8(void);
TCase *tcase_largest(void);
TCase *tcase_loss(void);
TCase *tcase_commit(void);
TCase *tcase_pick(void);
TCase *tcase_pool(void);
TCase *tcase_threads(void);
TCase *tcase_profile(void);

#endif
