# Checks of limbeck's configure. What is missing is collected in limbeck_missing (Debian package names) and reported
# at the end, all at once.

# LIMBECK_PKG(VAR, MODULE, DEBIAN-PACKAGE)
# A library that pkg-config knows: its flags go to LIMBECK_CFLAGS and LIMBECK_LIBS.
AC_DEFUN([LIMBECK_PKG],
[PKG_CHECK_MODULES([$1], [$2],
	[LIMBECK_CFLAGS="$LIMBECK_CFLAGS $$1_CFLAGS"
	LIMBECK_LIBS="$$1_LIBS $LIMBECK_LIBS"
	limbeck_found_$1=`$PKG_CONFIG --modversion "$2" 2>/dev/null`
	test -n "$limbeck_found_$1" || limbeck_found_$1=yes],
	[limbeck_missing="$limbeck_missing $3"])])

# LIMBECK_PROTOC_C
# protobuf-c's compiler: protoc-c, or in later versions a plug-in of protoc.
AC_DEFUN([LIMBECK_PROTOC_C],
[AC_CHECK_PROGS([PROTOC_C], [protoc-c])
AS_IF([test -z "$PROTOC_C"],
	[AC_CHECK_PROG([limbeck_protoc], [protoc], [yes])
	AC_CHECK_PROG([limbeck_protoc_gen_c], [protoc-gen-c], [yes])
	AS_IF([test -n "$limbeck_protoc" && test -n "$limbeck_protoc_gen_c"],
		[PROTOC_C=protoc],
		[limbeck_missing="$limbeck_missing protobuf-c-compiler"])])])

# LIMBECK_DNNL
# oneDNN has no pkg-config file in Debian. The C interfaces of 2.x and 3.x are both supported, others are refused.
AC_DEFUN([LIMBECK_DNNL],
[limbeck_dnnl=
AC_CHECK_HEADER([dnnl.h],
	[AC_CHECK_LIB([dnnl], [dnnl_version], [limbeck_dnnl=yes], [])])
AS_IF([test -z "$limbeck_dnnl"],
	[limbeck_missing="$limbeck_missing libdnnl-dev"],
	[AC_CACHE_CHECK([for the version of oneDNN], [limbeck_cv_dnnl_version],
		[AC_COMPUTE_INT([limbeck_dnnl_major], [DNNL_VERSION_MAJOR], [[#include <oneapi/dnnl/dnnl_version.h>]],
			[limbeck_dnnl_major=0])
		AC_COMPUTE_INT([limbeck_dnnl_minor], [DNNL_VERSION_MINOR], [[#include <oneapi/dnnl/dnnl_version.h>]],
			[limbeck_dnnl_minor=0])
		limbeck_cv_dnnl_version=$limbeck_dnnl_major.$limbeck_dnnl_minor])
	AS_CASE([$limbeck_cv_dnnl_version],
		[2.@<:@0-5@:>@], [AC_MSG_ERROR([oneDNN $limbeck_cv_dnnl_version is too old: 2.6 or later, or 3.x, is needed (Debian: libdnnl-dev)])],
		[2.*|3.*], [],
		[AC_MSG_ERROR([oneDNN $limbeck_cv_dnnl_version is not supported: 2.6 or later, or 3.x, is needed (Debian: libdnnl-dev)])])
	AC_DEFINE([HAVE_DNNL], [1], [oneDNN 2.x or 3.x is there; <oneapi/dnnl/dnnl_version.h> says which.])
	LIMBECK_LIBS="-ldnnl $LIMBECK_LIBS"])])

# LIMBECK_ONE_OPENMP
# Debian's libdnnl uses gcc's libgomp. With clang -fopenmp the program would load clang's libomp as well: two pools of
# threads that don't know of each other. Counts the runtimes in a running program, and the threads that it gets.
AC_DEFUN([LIMBECK_ONE_OPENMP],
[AC_MSG_CHECKING([how many OpenMP runtimes a program with oneDNN loads])
limbeck_save_CFLAGS=$CFLAGS
limbeck_save_LIBS=$LIBS
CFLAGS="$CFLAGS $OPENMP_CFLAGS"
LIBS="-ldnnl $LIBS"
AC_RUN_IFELSE([AC_LANG_SOURCE([[
#define _GNU_SOURCE
#include <link.h>
#include <omp.h>
#include <string.h>
#include <dnnl.h>

static int visit(struct dl_phdr_info *info, size_t size, void *count)
{
	const char *name = strrchr(info->dlpi_name, '/');
	(void)size;
	name = name ? name + 1 : info->dlpi_name;
	if (!strncmp(name, "libgomp.", 8) || !strncmp(name, "libomp.", 7) || !strncmp(name, "libiomp5.", 9))
		++*(int *)count;
	return 0;
}

int main(void)
{
	int runtimes = 0, threads = 0;
	dl_iterate_phdr(visit, &runtimes);
	omp_set_dynamic(0);
	omp_set_num_threads(2);
#pragma omp parallel
	{
#pragma omp atomic
		threads++;
	}
	if (!dnnl_version())
		return 5;
	return runtimes > 1 ? 3 : threads < 2 ? 4 : 0;
}
]])],
	[AC_MSG_RESULT([one])],
	[limbeck_status=$?
	AS_CASE([$limbeck_status],
		[3], [AC_MSG_RESULT([two])
			AC_MSG_ERROR([this compiler's OpenMP runtime and oneDNN's (libgomp) would both be loaded; use gcc: ./configure CC=gcc
  (for clang's warnings alone, without threads: ./configure CC=clang ac_cv_prog_c_openmp=-fopenmp=libgomp)])],
		[4], [AC_MSG_RESULT([one, but a parallel region gets one thread])
			AC_MSG_WARN([this build runs on one thread: good for warnings and analysis, not for use])],
		[AC_MSG_RESULT([the program does not run])
			AC_MSG_ERROR([a program linked with oneDNN and $OPENMP_CFLAGS does not run (status $limbeck_status); see config.log])])],
	[AC_MSG_RESULT([not checked: cross-compiling])])
CFLAGS=$limbeck_save_CFLAGS
LIBS=$limbeck_save_LIBS])

# LIMBECK_TARGET_CLONES
# Compiles, links and runs a cloned function with the flags of this build, sanitizers included.
AC_DEFUN([LIMBECK_TARGET_CLONES],
[AC_CACHE_CHECK([whether target_clones works], [limbeck_cv_target_clones],
	[limbeck_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS $LIMBECK_SANITIZE $OPENMP_CFLAGS -fPIC -Werror"
	AC_RUN_IFELSE([AC_LANG_SOURCE([[
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
static void scale(float *x, int n, float a)
{
	int i;
#pragma omp parallel for schedule(static)
	for (i = 0; i < n; i++)
		x[i] = x[i] * a + 1;
}

int main(int argc, char **argv)
{
	float x[67] = {0};
	(void)argv;
	x[66] = (float)argc;
	scale(x, 67, 2);
	return x[66] != 2 * (float)argc + 1 || x[65] != 1;
}
]])],
		[limbeck_cv_target_clones=yes], [limbeck_cv_target_clones=no], [limbeck_cv_target_clones=no])
	CFLAGS=$limbeck_save_CFLAGS])
AS_IF([test "x$limbeck_cv_target_clones" = xyes],
	[AC_DEFINE([HAVE_TARGET_CLONES], [1], [A function may be compiled for several levels of x86-64.])])])

# LIMBECK_CUDA_PLACE
# nvcc, which must fit the headers, so that of CUDA_HOME before that of PATH; and CUDA_HOME where nobody says it: the first that has the
# toolkit's headers of nvcc's own folder, /usr/local/cuda, and /usr (Debian's own packages).
# Libraries lie in its lib64, or as Debian has it. Of /usr the compiler must not be told: its headers would come in another order.
AC_DEFUN([LIMBECK_CUDA_PLACE],
[AC_PATH_PROG([NVCC], [nvcc], [], [${CUDA_HOME:+$CUDA_HOME/bin:}$PATH:${CUDA_HOME:-/usr/local/cuda}/bin])
AS_IF([test -z "$CUDA_HOME"],
	[CUDA_HOME=/usr/local/cuda
	for limbeck_dir in ${NVCC:+"${NVCC%/*}/.."} /usr/local/cuda /usr; do
		AS_IF([test -f "$limbeck_dir/include/cuda_runtime_api.h"], [CUDA_HOME=`cd "$limbeck_dir" && pwd`; break])
	done])
CUDA_LIBDIR=$CUDA_HOME/lib64
for limbeck_dir in lib64 "lib/`$CC -print-multiarch 2>/dev/null`" lib; do
	AS_IF([test -e "$CUDA_HOME/$limbeck_dir/libcublas.so"], [CUDA_LIBDIR=$CUDA_HOME/$limbeck_dir; break])
done
AS_IF([test "x$CUDA_HOME" = x/usr], [CUDA_CPPFLAGS= CUDA_LDFLAGS=],
	[CUDA_CPPFLAGS="-isystem $CUDA_HOME/include" CUDA_LDFLAGS="-L$CUDA_LIBDIR -Wl,-rpath,$CUDA_LIBDIR"])
AC_SUBST([CUDA_HOME])
AC_SUBST([CUDA_LIBDIR])
AC_SUBST([CUDA_CPPFLAGS])
AC_SUBST([CUDA_LDFLAGS])])

# LIMBECK_CUDA
# --with-cuda=auto|yes|no: whether the toolkit is there. LIMBECK_CUDA_MODULE says what is built with it.
AC_DEFUN([LIMBECK_CUDA],
[AC_ARG_WITH([cuda],
	[AS_HELP_STRING([--with-cuda=auto|yes|no], [look for the CUDA toolkit; yes: fail when it is missing @<:@auto@:>@])],
	[], [with_cuda=auto])
AC_ARG_VAR([NVCC], [CUDA compiler])
AC_ARG_VAR([CUDA_HOME], [folder of the CUDA toolkit; when not set that of nvcc, /usr/local/cuda, or /usr])
limbeck_cuda="not looked for"
AS_CASE([$with_cuda],
	[no], [],
	[auto|yes],
		[LIMBECK_CUDA_PLACE
		limbeck_cuda_lack=
		AS_IF([test -z "$NVCC"], [limbeck_cuda_lack=" nvcc"])
		limbeck_save_CPPFLAGS=$CPPFLAGS
		CPPFLAGS="$CPPFLAGS $CUDA_CPPFLAGS"
		AC_CHECK_HEADER([cuda_runtime_api.h], [], [limbeck_cuda_lack="$limbeck_cuda_lack cuda_runtime_api.h"])
		AC_CHECK_HEADER([cublas_v2.h])
		AC_CHECK_HEADER([cublasLt.h])
		AC_CHECK_HEADER([cudnn_graph.h])
		CPPFLAGS=$limbeck_save_CPPFLAGS
		AS_IF([test -z "$limbeck_cuda_lack"],
			[limbeck_cuda=`"$NVCC" --version 2>/dev/null | sed -n 's/.*release \(@<:@0-9.@:>@*\).*/\1/p'`
			limbeck_cuda="toolkit ${limbeck_cuda:-of unknown version} found"],
			[test "x$with_cuda" = xyes],
			[AC_MSG_ERROR([--with-cuda=yes, but this is missing:$limbeck_cuda_lack (Debian: nvidia-cuda-toolkit; or set CUDA_HOME)])],
			[limbeck_cuda="no toolkit"])],
	[AC_MSG_ERROR([--with-cuda is '$with_cuda', allowed auto, yes, no])])
])

# LIMBECK_CUSIM
# --enable-cusim=auto|yes|no. The tests that execute CUDA kernels on the CPU (tests/cusim) need a C++17 compiler, x86-64 and the
# toolkit's headers; neither nvcc nor a library of CUDA. After LIMBECK_CUDA.
AC_DEFUN([LIMBECK_CUSIM],
[AC_ARG_ENABLE([cusim],
	[AS_HELP_STRING([--disable-cusim], [do not test CUDA kernels on the CPU])],
	[], [enable_cusim=auto])
limbeck_have_cusim=no
AS_IF([test "x$enable_cusim" = xno], [limbeck_cusim="not tested: --disable-cusim"],
	[test "x$with_cuda" = xno], [limbeck_cusim="not tested: --without-cuda"],
	[AC_MSG_CHECKING([whether $CXX can compile CUDA kernels for the CPU])
	AC_LANG_PUSH([C++])
	limbeck_save_CPPFLAGS=$CPPFLAGS
	limbeck_save_CXXFLAGS=$CXXFLAGS
	CPPFLAGS="$CPPFLAGS $CUDA_CPPFLAGS"
	CXXFLAGS="$CXXFLAGS -std=c++17"
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#include <tuple>
#include <cublasLt.h>
#include <cublas_v2.h>
#include <cuda_bf16.h>
#include <cuda_runtime.h>
static_assert(CUDART_VERSION >= 12000, "toolkit 12 or later");
#ifndef __x86_64__
#error "the simulator's switch of stacks is for x86-64"
#endif
__global__ void kernel(int *x) { *x = std::get<0>(std::make_tuple(1)); }
]])],
		[limbeck_have_cusim=yes])
	CPPFLAGS=$limbeck_save_CPPFLAGS
	CXXFLAGS=$limbeck_save_CXXFLAGS
	AC_LANG_POP([C++])
	AC_MSG_RESULT([$limbeck_have_cusim])
	AS_IF([test "x$limbeck_have_cusim" = xyes],
		[limbeck_cusim="kernels are tested in the simulator"],
		[test "x$enable_cusim" = xyes],
		[AC_MSG_ERROR([--enable-cusim, but there is no C++17 compiler for x86-64 with the headers of CUDA 12 or later (Debian: g++; CUDA_HOME)])],
		[limbeck_cusim="not tested: no C++17 compiler for x86-64 with the headers of CUDA 12 or later"])])
AM_CONDITIONAL([CUSIM], [test "x$limbeck_have_cusim" = xyes])
# Its header is all that the stand-in for cuDNN needs.
AM_CONDITIONAL([CUSIM_CUDNN], [test "x$limbeck_have_cusim" = xyes && test "x$ac_cv_header_cudnn_graph_h" = xyes])])
