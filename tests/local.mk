# Tests speak TAP. One program per folder; a folder's tests are listed in tests/FOLDER/local.mk.

# Test programs run side by side: threads that spin at a barrier would take each other's cores, so they sleep.
# What they test is the CPU or the simulator, also where there is a GPU.

TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash
AM_TESTS_ENVIRONMENT = \
	CK_TAP_LOG_FILE_NAME=-; export CK_TAP_LOG_FILE_NAME; \
	OMP_WAIT_POLICY=passive; export OMP_WAIT_POLICY; \
	LIMBECK_CUDA_MODULE="$${LIMBECK_CUDA_MODULE-none}"; export LIMBECK_CUDA_MODULE; \
	LIMBECK_SRCDIR='$(abs_top_srcdir)'; export LIMBECK_SRCDIR; \
	LIMBECK_BUILDDIR='$(abs_top_builddir)'; export LIMBECK_BUILDDIR; \
	LIMBECK_COMPILE='$(CC) $(DEFS) $(DEFAULT_INCLUDES) $(AM_CPPFLAGS) $(CUDA_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS)'; \
	export LIMBECK_COMPILE;
if SANITIZE
# Sanitizers make a program several times slower; oneDNN and cairo keep memory for the life of the process.
AM_TESTS_ENVIRONMENT += \
	CK_TIMEOUT_MULTIPLIER=10; export CK_TIMEOUT_MULTIPLIER; \
	LSAN_OPTIONS="suppressions=$(abs_top_srcdir)/tests/lsan.supp:print_suppressions=0"; export LSAN_OPTIONS; \
	UBSAN_OPTIONS=print_stacktrace=1; export UBSAN_OPTIONS;
endif

TEST_CPPFLAGS = $(AM_CPPFLAGS) $(CHECK_CFLAGS) \
	-DTEST_SRCDIR='"$(abs_top_srcdir)"' -DTEST_BUILDDIR='"$(abs_top_builddir)"'
TEST_LIBS = liblimbeck-core.la $(LIMBECK_LIBS) $(CHECK_LIBS)

check_PROGRAMS =
check_LIBRARIES =
check_DATA =
EXTRA_PROGRAMS =
dist_check_SCRIPTS = \
	%D%/includes.sh \
	%D%/headers.sh \
	%D%/resume.sh \
	%D%/store.sh \
	%D%/sweep.sh \
	%D%/docs.sh \
	%D%/ships.sh \
	%D%/cli.sh \
	%D%/engine_avx2.sh \
	%D%/cuda/archs.sh \
	%D%/cuda/module.sh \
	%D%/cuda/nomem.sh \
	%D%/cuda/quickstart.sh \
	%D%/cuda/registers.sh \
	%D%/cuda/whole.sh
# What tests read, here and not in a folder's list: without Check, `make dist` would leave that out.
EXTRA_DIST += \
	%D%/cuda/mutants.sh \
	%D%/cuda/mutants.txt \
	%D%/cuda/sanitized.sh \
	%D%/models/state_dict_names.tsv \
	%D%/report/distributions.csv \
	%D%/tap.sh \
	%D%/slow.sh \
	%D%/kills.sh \
	%D%/gpu.sh \
	%D%/lsan.supp

include tests/cusim/local.mk

if HAVE_CHECK
include tests/base/local.mk
include tests/engine/local.mk
include tests/cuda/local.mk
include tests/data/local.mk
include tests/models/local.mk
include tests/runs/local.mk
include tests/losses/local.mk
include tests/gan/local.mk
include tests/stages/local.mk
include tests/report/local.mk
include tests/cli/local.mk
else
check-local:
	@echo "the test programs need Check (Debian: apt-get install check); then configure again" >&2; exit 1
endif

TESTS = $(check_PROGRAMS) $(dist_check_SCRIPTS)

.PHONY: check-avx2 check-slow check-kills check-gpu check-mutants check-sanitized

# The engine's tests as on a CPU without AVX-512. Part of 'make check' too.
check-avx2:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=%D%/engine_avx2.sh

# Minutes of real training on Fashion-MNIST.
check-slow:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=%D%/slow.sh

# A sweep of 24 runs, killed three times and shared by two processes, against one that nobody disturbs; on other data by hand: see the file.
check-kills:
	$(MAKE) $(AM_MAKEFLAGS) check TESTS=%D%/kills.sh

# Status 77 says that there is no GPU to test on, as in automake's tests.
check-gpu: limbeck
	@$(AM_TESTS_ENVIRONMENT) bash $(srcdir)/%D%/gpu.sh; status=$$?; \
	if test $$status = 77; then echo "SKIP: %D%/gpu.sh"; else exit $$status; fi
