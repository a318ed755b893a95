# The simulator of CUDA kernels (README.md). Without the toolkit's headers or with --disable-cusim only rules.sh is left.

dist_check_SCRIPTS += %D%/rules.sh
EXTRA_DIST += \
	%D%/README.md \
	%D%/kernels.cu \
	%D%/planted_addresses.cu \
	%D%/planted_races.cu \
	%D%/planted_main.c

if CUSIM

# Never instrumented: a sanitizer would watch the scheduler instead of the kernels.
check_LIBRARIES += tests/cusim/libcusim.a
tests_cusim_libcusim_a_SOURCES = \
	%D%/block.cc \
	%D%/block.h \
	%D%/control.h \
	%D%/copy.cc \
	%D%/cusim.h \
	%D%/cusim_atomics.h \
	%D%/cusim_math.h \
	%D%/cusim_sync.h \
	%D%/event.cc \
	%D%/fake_cublas.cc \
	%D%/fake_cublaslt.cc \
	%D%/fake_gemm.cc \
	%D%/fake_gemm.h \
	%D%/fakes.h \
	%D%/fiber.cc \
	%D%/graph.cc \
	%D%/grid.cc \
	%D%/handles.h \
	%D%/malloc.cc \
	%D%/memory.cc \
	%D%/memory.h \
	%D%/runtime.cc \
	%D%/runtime.h \
	%D%/sanitizer.h \
	%D%/settings.cc \
	%D%/settings.h \
	%D%/stream.cc \
	%D%/stream.h
if CUSIM_CUDNN
tests_cusim_libcusim_a_SOURCES += %D%/fake_cudnn.cc
endif
tests_cusim_libcusim_a_CPPFLAGS = $(CUSIM_CPPFLAGS) -DCUSIM_LIBRARY
tests_cusim_libcusim_a_CXXFLAGS = $(CUSIM_PLAIN_CXXFLAGS)
tests_cusim_libcusim_a_AR = $(AR) cr

.cu.cusim.o:
	@$(MKDIR_P) $(@D)
	$(AM_V_CXX)$(CXX) $(CUSIM_CPPFLAGS) $(CPPFLAGS) $(CUSIM_CXXFLAGS) $(CXXFLAGS) \
		-MMD -MP -MF $(@:.o=.d) -MT $@ -x c++ -c -o $@ $<

# What sanitized.sh compiles with a sanitizer of its own.
dist_check_SCRIPTS += %D%/sanitized.sh
AM_TESTS_ENVIRONMENT += \
	LIMBECK_CUSIM_COMPILE='$(CXX) $(CUSIM_CPPFLAGS) $(CPPFLAGS) $(CUSIM_PLAIN_CXXFLAGS) $(CXXFLAGS)'; \
	export LIMBECK_CUSIM_COMPILE;

CUSIM_OWN_KERNELS = \
	%D%/kernels.cusim.o \
	%D%/planted_addresses.cusim.o \
	%D%/planted_races.cusim.o
# What each object was made from.
CUSIM_READ = $(CUSIM_KERNELS:.o=.d) $(CUSIM_OWN_KERNELS:.o=.d)
CLEANFILES += $(CUSIM_KERNELS) $(CUSIM_OWN_KERNELS) $(CUSIM_READ)
-include $(CUSIM_READ)

# cuRAND's numbers beside ours; its header and its library are looked for by the test itself.
check_PROGRAMS += tests/check_curand
tests_check_curand_SOURCES = %D%/curand.cc
tests_check_curand_CPPFLAGS = -I$(top_srcdir) $(CUDA_CPPFLAGS) -DCURAND_FOLDER='"$(CUDA_LIBDIR)"'
tests_check_curand_CXXFLAGS = $(CUSIM_CXXFLAGS)
tests_check_curand_LDFLAGS = $(CUSIM_LINK)
tests_check_curand_LDADD = liblimbeck-core.la $(LIMBECK_LIBS)

if HAVE_CHECK
check_PROGRAMS += tests/check_cusim
tests_check_cusim_SOURCES = \
	%D%/child.c \
	%D%/child.h \
	%D%/kernels.h \
	%D%/main.c \
	%D%/planted.h \
	%D%/planted_host.c \
	%D%/planted_judge.h \
	%D%/suites.h \
	%D%/test_cublas.c \
	%D%/test_cublaslt.c \
	%D%/test_graph.c \
	%D%/test_language.c \
	%D%/test_memory.c \
	%D%/test_planted.c \
	%D%/test_stream.c
# No such file: it says that the C++ compiler links.
nodist_EXTRA_tests_check_cusim_SOURCES = %D%/links_as.cc
tests_check_cusim_CPPFLAGS = $(TEST_CPPFLAGS) $(CUDA_CPPFLAGS)
tests_check_cusim_LDFLAGS = $(CUSIM_LINK)
tests_check_cusim_LDADD = $(CUSIM_OWN_KERNELS) tests/cusim/libcusim.a $(CHECK_LIBS)
endif

endif
