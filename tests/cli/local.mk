check_PROGRAMS += tests/check_cli
tests_check_cli_SOURCES = \
	%D%/main.c \
	%D%/test_options.c \
	%D%/test_report.c
tests_check_cli_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_cli_LDADD = $(TEST_LIBS)
