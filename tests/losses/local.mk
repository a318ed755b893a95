check_PROGRAMS += tests/check_losses
tests_check_losses_SOURCES = \
	%D%/main.c \
	%D%/bench.c \
	%D%/bench.h \
	%D%/gradient.c \
	%D%/room.c \
	%D%/room.h \
	%D%/test_adapt.c \
	%D%/test_ce.c \
	%D%/test_every.c \
	%D%/test_fsp.c \
	%D%/test_hint.c \
	%D%/test_irg.c \
	%D%/test_kd.c \
	%D%/test_temperature.c \
	%D%/test_terms.c
tests_check_losses_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_losses_LDADD = $(TEST_LIBS)
