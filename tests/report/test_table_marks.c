/* What the table of a sweep marks: numbers of unlike recipes, of runs that --set changed, of any order, of phases that a limit ended. */
#include "tests/report/table_made.h"

#include <stdio.h>
#include <stdlib.h>

/* Rows of other epochs, of other pictures: each number of the column is marked, and it is said what the marks are. */
START_TEST(unlike_recipes_are_marked)
{
	open_sweep(FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 3}, {name: b, data.held_out: 12}], seeds: 2}\n"
	           "claims: [{better: a kd, than: a labels}, {better: b kd, than: b labels}]\n", NULL);
	for (int k = 0; k < 4; k++)
		for (int i = KD; i <= LABELS; i++)
			leave(STAGES * k + i, &(struct made){.top1 = 60 + 10 * i + k});
	leave(TEACH, &(struct made){.top1 = 80});
	const char *text = made(&(struct table_options){0});
	ck_assert_str_eq(line(text, "a kd"), "a kd 70.50 [b] 6.35 shared 0.71 70.00 71.00 2");
	ck_assert_str_eq(line(text, "a labels"), "a labels 80.50 [a] 6.35 - 0.71 80.00 81.00 2");
	HAS(line(text, "b kd"), "b kd 72.50 [c] ");
	HAS(line(text, "b labels"), "b labels 82.50 [c] ");
	HAS(line(text, "a teach (teacher)"), "80.00 [a] ");
	HAS(line(text, "a kd better than a labels"), "a kd better than a labels [b, a] undecided");
	HAS(line(text, "b kd better than b labels"), "b kd better than b labels undecided");
	HAS(text, "\nMARKED: results of unlike pictures or recipes (batch, epochs, optimiser, schedule, precision, a kind's own lengths and rates) share a column here, because the file says so: "
	          "[a] held_out 24, epochs 2; [b] held_out 24, epochs 3; [c] held_out 12, epochs 2.\n");
}
END_TEST

/* What --set changed of the training is told, and the file is not blamed for it; where files lie and how the table looks is nobody's concern. */
START_TEST(set_by_hand)
{
	static const char *const set[] = {"stages.kd.epochs=3", "data.workers=2", "stages.kd.save_minutes=9", "table.control=labels", "data.batch=8"};
	for (int n = 0; n <= 5; n++) {
		open_sweep_set(FILE_TOP, set, n);
		leave(KD, &(struct made){.top1 = 60});
		leave(LABELS, &(struct made){.top1 = 50});
		const char *text = made(&(struct table_options){0});
		if (n == 0)
			LACKS(text, "MARKED");
		else
			HAS(text, n < 5 ? "MARKED: these are not the runs of the file as it stands; they were changed by --set stages.kd.epochs=3.\n"
			                : "MARKED: these are not the runs of the file as it stands; they were changed by --set stages.kd.epochs=3 --set data.batch=8.\n");
		if (n)
			HAS(text, "share a column here, because the file or the command line says so:");
		sweep_close(s);
	}
	open_sweep(FILE_TOP "vary: {list: [{name: a, stages.kd.epochs: 2}]}\n", NULL);
}
END_TEST

#define BLOCKS(more) "  - {name: blocks, kind: blocks, train: small, teacher: teach.last, epochs: 1, head_epochs: 1, polish_epochs: 4}\n" \
	"  - {name: other, kind: blocks, train: small, teacher: teach.last, epochs: 1, head_epochs: 1, " more "}\n"

static const char *hash_at(const char *csv, const char *row)
{
	const char *at = line(csv, row), *comma = strrchr(at, ',');
	ck_assert_uint_eq(strlen(comma + 1), 8);
	return comma + 1;
}

/* A longer polish is another recipe, and so is its rate; another loss or critic is what the arm is for. Where the points vary it, their names tell it. */
START_TEST(lengths_of_a_kind_are_marked)
{
	static const struct { const char *more, *mark; } it[] = {
		{"polish_epochs: 4", NULL}, {"polish_epochs: 5", "[b] epochs 1, polish_epochs 4; [c] epochs 1, polish_epochs 5."},
		{"polish_epochs: 4, polish_lr: 0.25", "[b] epochs 1, polish_lr 0.05; [c] epochs 1, polish_lr 0.25."}, {"polish_epochs: 4, adversarial: 0.3", NULL},
	};
	const char *hash[4], *same[4];
	for (size_t i = 0; i < sizeof it / sizeof *it; i++) {
		open_sweep(arena_printf(life, "%s" BLOCKS("%s"), FILE_TOP, it[i].more), NULL);
		for (int k = 0; k < STAGES + 2; k++)
			leave(k, &(struct made){.top1 = 70});
		const char *text = made(&(struct table_options){0});
		HAS(line(text, "kd"), "70.00 [a]"); /* two epochs, and blocks have one */
		HAS(line(text, "blocks"), "70.00 [b]");
		HAS(line(text, "other"), it[i].mark ? "70.00 [c]" : "70.00 [b]");
		HAS(text, it[i].mark ? it[i].mark : "[a] epochs 2; [b] epochs 1.");
		text = printed(GRID_CSV);
		HAS(text, ",paper_rule,recipe_hash\n");
		same[i] = hash_at(text, "blocks,");
		hash[i] = hash_at(text, "other,");
		ck_assert_str_ne(hash_at(text, "kd,"), same[i]);
		sweep_close(s);
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_str_eq(same[i], hash[0]); /* whatever stands beside it, under whatever name */
		for (int k = 0; k < i; k++)
			ck_assert_str_ne(hash[i], hash[k]);
	}
	open_sweep(FILE_TOP BLOCKS("polish_epochs: 4") "vary: {seeds: 2, grid: {stages.other.polish_epochs: [4, 5]}}\n", NULL);
	for (int k = 0; k < 4 * (STAGES + 2); k++)
		leave(k, &(struct made){.top1 = 70 + k});
	const char *text = made(&(struct table_options){0});
	HAS(line(text, "polish_epochs=4 other"), " [b] ");
	HAS(line(text, "polish_epochs=5 other"), " [b] ");
	LACKS(text, "[c]");
	text = printed(GRID_CSV);
	ck_assert_str_eq(hash_at(text, "polish_epochs=4 other,"), hash[0]);
	ck_assert_str_eq(hash_at(text, "polish_epochs=5 other,"), hash[1]);
}
END_TEST

/* Once more is not the same: said below the table, and marked where other rows are exact. */
START_TEST(any_order_is_marked)
{
	static const char *const says = "\nMARKED: 'deterministic: false': steps of some of these runs may have summed in another order each time";
	open_sweep(FILE_TOP "vary: {grid: {deterministic: [true, false]}}\n", NULL);
	for (int i = KD; i <= LABELS; i++)
		leave(i, &(struct made){.top1 = 60 + 10 * i});
	leave(TEACH, &(struct made){.top1 = 80});
	const char *text = made(&(struct table_options){0});
	ck_assert_ptr_null(strstr(text, says));
	for (int i = KD; i <= LABELS; i++)
		leave(STAGES + i, &(struct made){.top1 = 61 + 10 * i});
	leave(STAGES + TEACH, &(struct made){.top1 = 81});
	text = made(&(struct table_options){0});
	HAS(text, says);
	HAS(text, "deterministic true");
	HAS(text, "deterministic false");
}
END_TEST

START_TEST(ended_by_limit)
{
	open_sweep(FILE_TOP "vary: {seeds: 3}\n", NULL);
	leave_seeds(3);
	by_epoch(STAGES + KD, "phase_by_limit", 2, (const double[]){1, 0});
	by_epoch(2 * STAGES + KD, "phase_by_limit", 2, (const double[]){0, 0});
	const char *text = made(&(struct table_options){0});
	HAS(line(text, "kd"), " 3, 1 by limit");
	LACKS(line(text, "labels"), "by limit");
	HAS(text, "a teacher's phase was ended by its limit of epochs");
}
END_TEST

/* Beside a paper and among the claims as well. */
START_TEST(ended_by_limit_elsewhere)
{
	open_sweep(FILE_TOP SEEDS CLAIMS, NULL);
	leave_seeds(8);
	by_epoch(STAGES + KD, "phase_by_limit", 2, (const double[]){1, 0});
	by_epoch(3 * STAGES + KD, "phase_by_limit", 2, (const double[]){0, 1});
	file_of("paper.yaml", "title: T\nrule: last\nruns: 5\ncolumns: [{name: test_top1}]\nrows: [{name: kd, values: [71]}, {name: labels, values: [70]}]\n");
	const char *text = made(&(struct table_options){.paper = scratch_path("paper.yaml")}), *beside = strstr(text, "Beside:");
	HAS(line(beside, "kd"), " 8, 2 by limit 71.00 ");
	LACKS(line(beside, "labels"), "by limit");
	HAS(line(text, "helps"), " 8 (8 better), 2 by limit ");
	HAS(printed(GRID_LATEX), "8 (8 better), 2 by limit");
	char *claims = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&claims, &n);
	ck_ok(table_print_claims(t, f, GRID_TEXT));
	ck_ok(table_print_claims(t, f, GRID_CSV));
	fclose(f);
	HAS(claims, "a teacher's phase was ended by its limit of epochs");
	HAS(claims, ",2 ended by limit\n");
	free(claims);
}
END_TEST

void table_add_marks(TCase *tc)
{
	tcase_add_test(tc, unlike_recipes_are_marked);
	tcase_add_test(tc, set_by_hand);
	tcase_add_test(tc, lengths_of_a_kind_are_marked);
	tcase_add_test(tc, any_order_is_marked);
	tcase_add_test(tc, ended_by_limit);
	tcase_add_test(tc, ended_by_limit_elsewhere);
}
