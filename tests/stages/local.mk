check_PROGRAMS += tests/check_stages
tests_check_stages_SOURCES = \
	%D%/blocks.h \
	%D%/chain.h \
	%D%/duel.c \
	%D%/duel.h \
	%D%/main.c \
	%D%/suites.h \
	%D%/test_arms.c \
	%D%/test_aside.c \
	%D%/test_assistants.c \
	%D%/test_assistants_repeat.c \
	%D%/test_blocks.c \
	%D%/test_blocks_critic.c \
	%D%/test_blocks_run.c \
	%D%/test_blocks_signs.c \
	%D%/test_evaluate.c \
	%D%/test_experiment.c \
	%D%/test_identity.c \
	%D%/test_order.c \
	%D%/test_peers.c \
	%D%/test_stagewise.c \
	%D%/test_pass.c \
	%D%/test_step.c \
	%D%/test_sweep.c \
	%D%/test_teacher.c \
	%D%/test_train.c \
	%D%/test_vary.c \
	%D%/test_watch.c
tests_check_stages_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_stages_LDADD = $(TEST_LIBS)
