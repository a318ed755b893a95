if CUSIM
CUSIM_KERNELS += $(CUDA_KERNELS:.cu=.cusim.o)
# The program itself on the simulated device, for whole.sh and quickstart.sh; and what `make check-mutants` links the tests with, each time with one object in another's place.
EXTRA_PROGRAMS += tests/limbeck_cusim
check_DATA += tests/limbeck_cusim$(EXEEXT)
tests_limbeck_cusim_SOURCES = cli/main.c %D%/backend.c $(CUDA_HOST)
if CUSIM_CUDNN
tests_limbeck_cusim_SOURCES += engine/cuda/conv_cudnn.c
else
tests_limbeck_cusim_SOURCES += $(CUDA_NO_CUDNN)
endif
nodist_EXTRA_tests_limbeck_cusim_SOURCES = %D%/links_as.cc
tests_limbeck_cusim_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_CPPFLAGS)
tests_limbeck_cusim_LDFLAGS = $(CUSIM_LINK)
tests_limbeck_cusim_LDADD = $(CUDA_KERNELS:.cu=.cusim.o) tests/cusim/libcusim.a liblimbeck-core.la $(LIMBECK_LIBS)
CLEANFILES += tests/limbeck_cusim$(EXEEXT)

if HAVE_CHECK
check_PROGRAMS += tests/check_cuda
tests_check_cuda_SOURCES = \
	%D%/main.c \
	%D%/backend.c \
	%D%/order.c \
	%D%/test_align.c \
	%D%/test_bytes.c \
	%D%/test_chain.c \
	%D%/test_conv.c \
	%D%/test_data.c \
	%D%/test_device.c \
	%D%/test_failure.c \
	%D%/test_gpus.c \
	%D%/test_half.c \
	%D%/test_index.c \
	%D%/test_product.c \
	%D%/test_record.c \
	%D%/test_tf32.c \
	tests/engine/cases.h \
	tests/engine/cases_a.c \
	tests/engine/cases_b.c \
	tests/engine/cases_wide.c \
	tests/engine/hands_a.c \
	tests/engine/hands_b.c \
	tests/engine/test_against_ref.c \
	tests/engine/test_commit.c \
	tests/engine/test_hand.c \
	tests/engine/test_int8.c \
	tests/engine/test_largest.c \
	tests/engine/test_loss.c \
	tests/engine/test_optim.c \
	tests/engine/test_pick.c \
	tests/engine/trial.c \
	tests/engine/trial.h \
	$(CUDA_HOST) \
	$(CUDA_NO_CUDNN)
# No such file: it says that the C++ compiler links.
nodist_EXTRA_tests_check_cuda_SOURCES = %D%/links_as.cc
tests_check_cuda_CPPFLAGS = $(TEST_CPPFLAGS) -DTEST_CUDA $(CUDA_CPPFLAGS)
tests_check_cuda_LDFLAGS = $(CUSIM_LINK)
tests_check_cuda_LDADD = $(CUDA_KERNELS:.cu=.cusim.o) tests/cusim/libcusim.a $(TEST_LIBS)

if CUSIM_CUDNN
check_PROGRAMS += tests/check_cudnn
tests_check_cudnn_SOURCES = \
	%D%/main_cudnn.c \
	%D%/backend.c \
	%D%/order.c \
	tests/engine/cases.h \
	tests/engine/cases_a.c \
	tests/engine/cases_b.c \
	tests/engine/cases_wide.c \
	tests/engine/test_against_ref.c \
	tests/engine/trial.c \
	tests/engine/trial.h \
	$(CUDA_HOST) \
	engine/cuda/conv_cudnn.c
nodist_EXTRA_tests_check_cudnn_SOURCES = %D%/links_as.cc
tests_check_cudnn_CPPFLAGS = $(tests_check_cuda_CPPFLAGS)
tests_check_cudnn_LDFLAGS = $(CUSIM_LINK)
tests_check_cudnn_LDADD = $(tests_check_cuda_LDADD)
CHECK_CUDNN = tests/check_cudnn$(EXEEXT)
MUTANT_OBJECTS_CUDNN = $(tests_check_cudnn_OBJECTS) $(CUDA_KERNELS:.cu=.cusim.o)
endif

# Minutes: each planted mistake is compiled, linked and tested.
check-mutants: tests/check_cuda$(EXEEXT) $(CHECK_CUDNN)
	@LIMBECK_SRCDIR='$(abs_top_srcdir)' \
	MUTANT_CXX='$(CXX) -DCUSIM $(CUDA_CPPFLAGS) $(CUSIM_CXXFLAGS) $(CXXFLAGS) -w -O1 -g0' \
	MUTANT_CC='$(CC) $(DEFS) -I$(abs_top_builddir) -D_GNU_SOURCE -DTEST_CUDA $(CUDA_CPPFLAGS) $(AM_CFLAGS) $(CFLAGS) -w -I$(abs_top_srcdir)' \
	MUTANT_OBJECTS='$(tests_check_cuda_OBJECTS) $(CUDA_KERNELS:.cu=.cusim.o)' \
	MUTANT_OBJECTS_CUDNN='$(MUTANT_OBJECTS_CUDNN)' \
	MUTANT_LINK='$(LIBTOOL) --quiet --tag=CXX --mode=link $(CXX) $(CXXFLAGS) $(CUSIM_LINK)' \
	MUTANT_LIBS='tests/cusim/libcusim.a $(TEST_LIBS)' \
	bash $(srcdir)/tests/cuda/mutants.sh

# Minutes: two builds more, below this one.
SANITIZED_WAYS = asan tsan
check-sanitized:
	@LIMBECK_SRCDIR='$(abs_top_srcdir)' bash $(srcdir)/tests/cuda/sanitized.sh '$(abs_top_srcdir)/configure' '$(SANITIZED_WAYS)' tests/check_cuda$(EXEEXT) $(CHECK_CUDNN)
clean-local:
	rm -rf sanitized
endif
endif
