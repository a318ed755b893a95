check_PROGRAMS += tests/check_engine
tests_check_engine_SOURCES = \
	%D%/main.c \
	%D%/cases.h \
	%D%/cases_a.c \
	%D%/cases_b.c \
	%D%/cases_wide.c \
	%D%/hands_a.c \
	%D%/hands_b.c \
	%D%/test_against_ref.c \
	%D%/test_commit.c \
	%D%/test_grad.c \
	%D%/test_hand.c \
	%D%/test_int8.c \
	%D%/test_largest.c \
	%D%/test_late.c \
	%D%/test_loss.c \
	%D%/test_optim.c \
	%D%/test_pick.c \
	%D%/test_pool.c \
	%D%/test_threads.c \
	%D%/test_profile.c \
	%D%/trial.c \
	%D%/trial.h
tests_check_engine_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_engine_LDADD = $(TEST_LIBS)
