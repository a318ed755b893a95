check_PROGRAMS += tests/check_data
tests_check_data_SOURCES = \
	%D%/main.c \
	%D%/encode.c \
	%D%/encode.h \
	%D%/ships.c \
	%D%/ships.h \
	%D%/test_cifar.c \
	%D%/test_data.c \
	%D%/test_folder.c \
	%D%/test_idx.c \
	%D%/test_image.c \
	%D%/test_list.c \
	%D%/test_loader.c \
	%D%/test_memory.c \
	%D%/test_ships.c \
	%D%/test_split.c \
	%D%/trial.c \
	%D%/trial.h
tests_check_data_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_data_LDADD = $(TEST_LIBS)
