/* A step of two segments is all or nothing: if the student's loss is not finite the critic does not move. */
#include "tests/gan/fight.h"

#include <math.h>
#include <string.h>

static struct fight *f;

static void open(int i)
{
	const struct critic_setup s = critic_setup(i / adversary_count);
	bench_open();
	f = fight_new(&s, adversary_all[i % adversary_count], SOUND, OPTIM_ADAM);
}

static void shut(void)
{
	fight_close(f);
	bench_close();
}

enum { NETS = 5 };
static struct net *net_at(int i)
{
	struct net *const net[NETS] = {f->student, f->adapter, f->judge.own, f->judge.teacher, f->teacher};
	return net[i];
}

struct all {
	struct image net[NETS];
	size_t bytes[2];
	char *moments[2];
	long steps[2];
};

static struct all look(void)
{
	struct optim *const optim[] = {f->critic_optim, f->student_optim};
	struct all a;
	for (int i = 0; i < NETS; i++)
		a.net[i] = image_of(net_at(i));
	for (int i = 0; i < 2; i++) {
		a.bytes[i] = optim_bytes(optim[i]);
		a.moments[i] = arena_alloc(arena, a.bytes[i]);
		ASSERT_OK(optim_read(optim[i], a.moments[i], &err));
		a.steps[i] = optim[i]->steps;
	}
	return a;
}

static bool same(const struct all *a, const struct all *b)
{
	bool same = true;
	for (int i = 0; i < NETS; i++)
		same &= image_same(&a->net[i], &b->net[i], true);
	for (int i = 0; i < 2; i++)
		same &= a->steps[i] == b->steps[i] && a->bytes[i] == b->bytes[i] &&
		        !memcmp(a->moments[i], b->moments[i], a->bytes[i]);
	return same;
}

/* Tries a step at this margin; nothing is committed and the message has the text. */
static void fails(double margin, const char *text)
{
	const struct all before = look();
	*f->margin->value = margin;
	ck_assert_int_eq(run_try(f->step), E_RUN);
	ck_assert_msg(strstr(err.text, text), "%s", err.text);
	err_clear(&err);
	const struct all after = look();
	ck_assert(same(&before, &after));
}

START_TEST(nothing_is_committed)
{
	open(_i);
	run_go(f->step); /* so that there are moments and statistics to lose */
	/* log 0 */
	fails(0, "a value of 'student/margin' () is not finite: the first to go bad, made by log");
	fails(-3, "'student/margin'");
	fails((double)NAN, "'margin' holds a value that is not finite");
	shut();
}
END_TEST

static void restore(const struct all *a)
{
	struct optim *const optim[] = {f->critic_optim, f->student_optim};
	for (int i = 0; i < NETS; i++)
		for (int s = 0; s < 2; s++)
			ASSERT_OK(params_write(net_at(i)->params, s, a->net[i].data[s], &err));
	for (int i = 0; i < 2; i++) {
		ASSERT_OK(optim_write(optim[i], a->moments[i], &err));
		optim[i]->steps = a->steps[i];
	}
}

/* After a step that failed the next one is what it would have been. */
START_TEST(next_step_is_the_same)
{
	open(_i);
	run_go(f->step);
	const struct all start = look();
	run_go(f->step);
	const struct all want = look();
	ck_assert(!same(&start, &want));
	restore(&start);
	fails(0, "'student/margin'");
	*f->margin->value = 2;
	run_go(f->step);
	const struct all have = look();
	ck_assert(same(&want, &have));
	shut();
}
END_TEST

TCase *tcase_finite(void)
{
	TCase *tc = tcase_create("finite");
	const int n = SETUPS * adversary_count;
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, nothing_is_committed, 0, n);
	tcase_add_loop_test(tc, next_step_is_the_same, 0, n);
	return tc;
}
