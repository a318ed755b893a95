liblimbeck_core_la_SOURCES += \
	%D%/catalog.c \
	%D%/catalog.h \
	%D%/cmd_bench.c \
	%D%/cmd_check.c \
	%D%/cmd_eval.c \
	%D%/cmd_info.c \
	%D%/cmd_list.c \
	%D%/cmd_loss.c \
	%D%/cmd_train.c \
	%D%/command.h \
	%D%/commands.def \
	%D%/eval_target.c \
	%D%/eval_target.h \
	%D%/experiment_args.h \
	%D%/limbeck.c \
	%D%/loss_trial.c \
	%D%/loss_trial.h \
	%D%/options.c \
	%D%/options.h \
	%D%/reference.c \
	%D%/reference.h \
	%D%/threads.c \
	%D%/threads.h
