check_PROGRAMS += tests/check_runs
tests_check_runs_SOURCES = \
	%D%/main.c \
	%D%/store_made.c \
	%D%/store_made.h \
	%D%/suites.h \
	%D%/test_cache.c \
	%D%/test_events.c \
	%D%/test_lock.c \
	%D%/test_live.c \
	%D%/test_origin.c \
	%D%/test_predictions.c \
	%D%/test_resume.c \
	%D%/test_safetensors.c \
	%D%/test_store.c \
	%D%/test_store_files.c \
	%D%/test_store_open.c \
	%D%/test_weights.c
tests_check_runs_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_runs_LDADD = $(TEST_LIBS)
