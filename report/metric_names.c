#include "report/metric_names.h"

#include <string.h>

#include "base/str.h"

/* Those with a name of their own; a test looks for them in the stages. */
static const char *const names[] = {
	"test_top1", "test_top1_best", "test_top1_best_test", "test_top1_watched", "test_error", "test_top5", "test_top5_best",
	"train_top1_running", "train_top1_clean", "train_top1_clean_best", "train_top5_clean", "train_top5_clean_best", "train_graft",
	"valid_top1", "valid_top1_last", "valid_loss", "gap_to_teacher", "gap_to_teacher_valid", "teacher_test_top1",
	"loss", "lr", "loss_scale", "overflows", "rollbacks", "logit_variance",
	"phase_epochs", "phase_meant_epochs", "phase_tau", "phase_by_limit", "tau_rate",
	"images", "macs", "macs_per_picture", "macs_with_teachers", "teacher_images", "teacher_images_total",
	"parameters", "parameters_whole", "trained_parameters", "trained_parameters_most", "memory/resident_mib", "memory/device_mib",
	"pictures_to_reach", "macs_to_reach", "time_seconds",
	"time/to_reach", "time/total_seconds", "time/with_teachers", "time/alone", "time/seconds", "time/lesson_seconds", "time/phase_seconds",
	"time/images_per_s", "time/wait_share",
};
enum { N_NAME = sizeof names / sizeof *names };

/* Those of what a file names itself: losses, critics, peers. What follows is the file's. */
static const char *const families[] = {"loss", "gradient", "tau", "alignment", "alarm", "valid", "critic", "peer"};

static bool is_of_family(const char *name)
{
	for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
		const char *rest = name + strlen(families[i]);
		if (!str_starts(name, families[i]))
			continue;
		rest += strspn(rest, "0123456789");
		if (*rest == '/' && rest[1])
			return true;
	}
	return false;
}

static bool is_among(const char *name, const char *const *words, int n)
{
	int i = 0;
	while (i < n && !str_eq(words[i], name))
		i++;
	return i < n;
}

enum status metric_check(struct arena *a, const char *name, struct store *s, const char *option, struct where at, struct err *e)
{
	const char **had = NULL;
	int n = 0;
	if (is_among(name, names, N_NAME) || is_of_family(name))
		return OK;
	enum status st = s ? store_metric_names(s, a, &had, &n, e) : OK;
	if (st != OK || is_among(name, had, n))
		return st;
	const char **words = NEW_ARRAY(a, const char *, N_NAME + n);
	memcpy(words, names, sizeof names);
	for (int i = 0; i < n; i++)
		words[N_NAME + i] = had[i];
	const char *near = str_nearest(name, words, N_NAME + n);
	return err_user(e, at, "%s%sthere is no metric '%s'%s%s%s", option ? option : "", option ? ": " : "", name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}
