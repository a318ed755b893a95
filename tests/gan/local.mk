check_PROGRAMS += tests/check_gan
tests_check_gan_SOURCES = \
	%D%/main.c \
	%D%/fight.c \
	%D%/fight.h \
	%D%/test_adversaries.c \
	%D%/test_critics.c \
	%D%/test_finite.c \
	%D%/test_penalty.c \
	%D%/test_signs.c \
	%D%/test_spectral.c \
	tests/losses/bench.c \
	tests/losses/bench.h \
	tests/losses/gradient.c
tests_check_gan_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_gan_LDADD = $(TEST_LIBS)
