/*
 * Who moves which way. The student's step raises the critic's score of its features, the critic's step raises
 * the score of real over fake, and each leaves the other's weights as they are, bit for bit. The same checks
 * see each mistake.
 */
#include "tests/gan/fight.h"

#include <string.h>

static struct fight *f;

static void open(enum mistake mistake, int i)
{
	const struct critic_setup s = critic_setup(i / adversary_count);
	bench_open();
	f = fight_new(&s, adversary_all[i % adversary_count], mistake, OPTIM_SGD);
}

static void shut(void)
{
	fight_close(f);
	bench_close();
}

struct images {
	struct image student, adapter, critic, applied, teacher;
};

static struct images look(void)
{
	return (struct images){image_of(f->student), image_of(f->adapter), image_of(f->judge.own),
	                       image_of(f->judge.teacher), image_of(f->teacher)};
}

/* Nothing that the critic is made of, its states included. */
static bool critic_stays(const struct images *was, const struct images *is)
{
	return image_same(&was->critic, &is->critic, true) && image_same(&was->applied, &is->applied, true);
}

/* What it has of its own, and its copy of the teacher if it has one, whose statistics are frozen. */
static bool critic_moves(const struct images *was, const struct images *is)
{
	const bool own = !image_same(&was->critic, &is->critic, false), has_own = f->judge.own->params->n_param > 0;
	const bool copy = !image_same(&was->applied, &is->applied, false);
	const bool statistics = memcmp(was->applied.data[1], is->applied.data[1], was->applied.bytes[1]) == 0;
	return own == has_own && copy == f->judge.copied && statistics;
}

static bool student_step_is_right(void)
{
	double real, before, after;
	const struct images was = look();
	fight_scores(f, &real, &before);
	run_go(f->student_step);
	fight_scores(f, &real, &after);
	const struct images is = look();
	return after > before && critic_stays(&was, &is) && image_same(&was.teacher, &is.teacher, true) &&
	       !image_same(&was.student, &is.student, false) && !image_same(&was.adapter, &is.adapter, false);
}

static bool critic_step_is_right(void)
{
	double real[2], fake[2];
	const struct images was = look();
	fight_scores(f, &real[0], &fake[0]);
	run_go(f->critic_step);
	fight_scores(f, &real[1], &fake[1]);
	const struct images is = look();
	return real[1] - fake[1] > real[0] - fake[0] && image_same(&was.student, &is.student, false) &&
	       image_same(&was.adapter, &is.adapter, false) && image_same(&was.teacher, &is.teacher, true) &&
	       critic_moves(&was, &is);
}

/* A critic without anything to train is scored against, and has no step of its own. */
START_TEST(sound_steps)
{
	open(SOUND, _i);
	ck_assert(student_step_is_right());
	if (judge_is_adversary(&f->judge))
		ck_assert(critic_step_is_right());
	else
		ck_assert_int_eq(f->critic_optim->n, 0);
	shut();
}
END_TEST

START_TEST(mistakes_of_the_student_are_seen)
{
	static const enum mistake mistakes[] = {SIGN_FLIPPED, HELPS_CRITIC, CRITIC_GIVES_IN};
	for (int k = 0; k < 3; k++) {
		open(mistakes[k], _i);
		if (k < 2 || judge_is_adversary(&f->judge))
			ck_assert_msg(!student_step_is_right(), "mistake %d", (int)mistakes[k]);
		shut();
	}
}
END_TEST

START_TEST(mistakes_of_the_critic_are_seen)
{
	static const enum mistake mistakes[] = {NOT_DETACHED, ORIGINAL_MOVES};
	for (int k = 0; k < 2; k++) {
		open(mistakes[k], _i);
		if (k == 0 || f->judge.copied)
			ck_assert_msg(!critic_step_is_right(), "mistake %d", (int)mistakes[k]);
		shut();
	}
}
END_TEST

/* Both segments share one pass of the student: its statistics move once. */
START_TEST(statistics_move_once)
{
	open(SOUND, _i);
	run_go(f->step);
	ck_assert_double_eq(bench_get(f->student->params, "block1.0.norm.num_batches_tracked"), 1);
	ck_assert_double_eq(bench_get(f->adapter->params, "adapt.norm.num_batches_tracked"), 1);
	ck_assert_double_eq(bench_get(f->teacher->params, "block1.0.norm.num_batches_tracked"), 0);
	shut();
}
END_TEST

/* Back to these weights and statistics. */
static void restore(struct net *net, const struct image *m)
{
	for (int s = 0; s < 2; s++)
		ASSERT_OK(params_write(net->params, s, m->data[s], &err));
}

/* The student answers the critic that has just moved: the same as a critic's step and then a student's. */
START_TEST(student_meets_the_moved_critic)
{
	open(SOUND, _i);
	const struct images start = look();
	run_go(f->critic_step);
	run_go(f->student_step);
	const struct images apart = look();
	restore(f->student, &start.student);
	restore(f->adapter, &start.adapter);
	restore(f->judge.own, &start.critic);
	restore(f->judge.teacher, &start.applied);
	run_go(f->step);
	const struct images together = look();
	ck_assert(image_same(&apart.critic, &together.critic, true));
	ck_assert(image_same(&apart.applied, &together.applied, true));
	ck_assert(image_same(&apart.student, &together.student, false));
	ck_assert(image_same(&apart.adapter, &together.adapter, false));
	shut();
}
END_TEST

TCase *tcase_signs(void)
{
	TCase *tc = tcase_create("signs");
	const int n = SETUPS * adversary_count;
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, sound_steps, 0, n);
	tcase_add_loop_test(tc, mistakes_of_the_student_are_seen, 0, n);
	tcase_add_loop_test(tc, mistakes_of_the_critic_are_seen, 0, n);
	tcase_add_loop_test(tc, statistics_move_once, 0, n);
	tcase_add_loop_test(tc, student_meets_the_moved_critic, 0, n);
	return tc;
}
