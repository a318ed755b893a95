check_PROGRAMS += tests/check_models
tests_check_models_SOURCES = \
	%D%/main.c \
	%D%/models.h \
	%D%/test_forward.c \
	%D%/test_init.c \
	%D%/test_int8.c \
	%D%/test_modes.c \
	%D%/test_names.c \
	%D%/test_net.c
tests_check_models_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_models_LDADD = $(TEST_LIBS)
