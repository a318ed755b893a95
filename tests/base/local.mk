check_PROGRAMS += tests/check_base
tests_check_base_SOURCES = \
	%D%/main.c \
	%D%/suites.h \
	%D%/test_arena.c \
	%D%/test_conf.c \
	%D%/test_conf_set.c \
	%D%/test_err.c \
	%D%/test_file.c \
	%D%/test_json.c \
	%D%/test_log.c \
	%D%/test_names.c \
	%D%/test_opt.c \
	%D%/test_rng.c \
	%D%/test_sha256.c \
	%D%/test_str.c \
	%D%/test_tree.c
tests_check_base_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_base_LDADD = $(TEST_LIBS)
