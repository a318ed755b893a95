liblimbeck_core_la_SOURCES += \
	%D%/bench.c \
	%D%/bench.h \
	%D%/bench_data.c \
	%D%/bench_made.c \
	%D%/bench_made.h \
	%D%/bench_op.c \
	%D%/bench_op.h \
	%D%/bench_op_kinds.c \
	%D%/bench_start.c \
	%D%/bench_step.c \
	%D%/bench_step.h \
	%D%/bench_step_print.c \
	%D%/catalog.c \
	%D%/catalog.h \
	%D%/cmd_bench.c \
	%D%/cmd_check.c \
	%D%/cmd_diff.c \
	%D%/cmd_eval.c \
	%D%/cmd_gradcam.c \
	%D%/cmd_info.c \
	%D%/cmd_list.c \
	%D%/cmd_loss.c \
	%D%/cmd_plot.c \
	%D%/cmd_report.c \
	%D%/cmd_rm.c \
	%D%/cmd_runs.c \
	%D%/cmd_selftest.c \
	%D%/cmd_sweep.c \
	%D%/cmd_table.c \
	%D%/cmd_top.c \
	%D%/cmd_train.c \
	%D%/command.h \
	%D%/commands.def \
	%D%/eval_target.c \
	%D%/eval_target.h \
	%D%/experiment_args.h \
	%D%/gradcam_nets.c \
	%D%/gradcam_nets.h \
	%D%/gradcam_print.c \
	%D%/gradcam_print.h \
	%D%/gradcam_run.c \
	%D%/gradcam_run.h \
	%D%/gradcam_shots.c \
	%D%/gradcam_shots.h \
	%D%/limbeck.c \
	%D%/loss_trial.c \
	%D%/loss_trial.h \
	%D%/options.c \
	%D%/options.h \
	%D%/reference.c \
	%D%/reference.h \
	%D%/columns.c \
	%D%/columns.h \
	%D%/report_leave.c \
	%D%/report_runs.c \
	%D%/report_sweep.c \
	%D%/report_target.c \
	%D%/report_target.h \
	%D%/run_config.c \
	%D%/run_config.h \
	%D%/run_out.c \
	%D%/run_out.h \
	%D%/run_uses.c \
	%D%/run_uses.h \
	%D%/run_when.c \
	%D%/run_when.h \
	%D%/screen.c \
	%D%/screen.h \
	%D%/threads.c \
	%D%/threads.h \
	%D%/where.c \
	%D%/where.h \
	%D%/workers.c \
	%D%/workers.h

# The engine's tests once more, for `limbeck selftest`: with a header in the place of Check's.
noinst_LTLIBRARIES += libselftest.la
liblimbeck_core_la_LIBADD = libselftest.la
libselftest_la_SOURCES = \
	%D%/selftest/check.h \
	%D%/selftest/selftest.c \
	%D%/selftest/selftest.h \
	tests/engine/cases.h \
	tests/engine/cases_a.c \
	tests/engine/cases_b.c \
	tests/engine/cases_wide.c \
	tests/engine/hands_a.c \
	tests/engine/hands_b.c \
	tests/engine/test_against_ref.c \
	tests/engine/test_hand.c \
	tests/engine/test_loss.c \
	tests/engine/test_optim.c \
	tests/engine/test_pick.c \
	tests/engine/trial.c \
	tests/engine/trial.h
libselftest_la_CPPFLAGS = -I$(top_srcdir)/cli/selftest -DTEST_SELFTEST $(AM_CPPFLAGS)
