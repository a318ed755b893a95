# LIMBECK_CUDA_MODULE
# After LIMBECK_CUDA: whether the back end for GPUs is built, for which of them, with what.
AC_DEFUN([LIMBECK_CUDA_MODULE],
[AC_ARG_VAR([CUDA_ARCHS], [compute capabilities that kernels are compiled for; without it those of this machine's GPUs, with --with-cuda=yes those of 75 80 86 89 90 100 120 that nvcc knows])
limbeck_cuda_module=no
limbeck_cublas=no
AS_IF([test "x$ac_cv_header_cublas_v2_h" = xyes && test "x$ac_cv_header_cublasLt_h" = xyes], [limbeck_cublas=yes])
AS_IF([test "x$with_cuda" = xyes && test $limbeck_cublas = no],
	[AC_MSG_ERROR([--with-cuda=yes, but there is no cublas_v2.h or no cublasLt.h in $CUDA_HOME/include (Debian: nvidia-cuda-toolkit; or set CUDA_HOME)])])
AS_IF([test "x$with_cuda" != xno && test -n "$NVCC" && test $limbeck_cublas = yes && test -n "$CXX"],
	[AS_IF([test "x$with_cuda" = xyes || test -n "$CUDA_ARCHS" || test -e /dev/nvidiactl], [limbeck_cuda_module=yes])])
# Minutes of nvcc for all of them: where a GPU is at hand its own is enough.
NVCC_FLAGS=
AS_IF([test "x$limbeck_cuda_module" = xyes],
	[AC_MSG_CHECKING([which GPUs kernels are compiled for])
	limbeck_which=here
	AS_IF([test "x$with_cuda" = xyes], [limbeck_which=all])
	limbeck_archs=`$SHELL "$srcdir/m4/cuda_archs.sh" "$NVCC" $limbeck_which "$CUDA_ARCHS"` ||
		{ AC_MSG_RESULT([none]); AC_MSG_ERROR([$limbeck_archs]); }
	CUDA_ARCHS=`AS_ECHO(["$limbeck_archs"]) | sed 1q`
	AC_MSG_RESULT([$CUDA_ARCHS])
	limbeck_archs=`AS_ECHO(["$limbeck_archs"]) | sed 1d`
	AS_IF([test -n "$limbeck_archs"], [AC_MSG_WARN([$limbeck_archs])])
	NVCC_FLAGS="-std=c++17 -O3 -Werror all-warnings"
	for limbeck_arch in $CUDA_ARCHS; do
		NVCC_FLAGS="$NVCC_FLAGS -gencode arch=compute_$limbeck_arch,code=sm_$limbeck_arch"
	done
	NVCC_FLAGS="$NVCC_FLAGS -gencode arch=compute_$limbeck_arch,code=compute_$limbeck_arch"])
AC_SUBST([NVCC_FLAGS])
AC_ARG_WITH([cudnn],
	[AS_HELP_STRING([--without-cudnn], [no convolutions by cuDNN 9, which makes those of bf16 faster @<:@use it where its header is found@:>@])],
	[], [with_cudnn=check])
AS_IF([test "x$ac_cv_header_cudnn_graph_h" = xyes], [test "x$with_cudnn" != xcheck || with_cudnn=yes],
	[test "x$with_cudnn" = xyes], [AC_MSG_ERROR([--with-cudnn, but there is no cudnn_graph.h in $CUDA_HOME/include])],
	[with_cudnn=no])
AM_CONDITIONAL([CUDNN], [test "x$with_cudnn" != xno])
# Where `make install` puts the module, for the program that looks for it.
limbeck_prefix=$prefix
AS_IF([test "x$limbeck_prefix" = xNONE], [limbeck_prefix=$ac_default_prefix])
limbeck_pkglibdir=`exec_prefix=$exec_prefix prefix=$limbeck_prefix; test "x$exec_prefix" != xNONE || exec_prefix=$prefix; eval "echo $libdir/$PACKAGE"`
AC_DEFINE_UNQUOTED([LIMBECK_PKGLIBDIR], ["$limbeck_pkglibdir"], [folder of the installed module for CUDA])
AM_CONDITIONAL([CUDA_MODULE], [test "x$limbeck_cuda_module" = xyes])
AS_IF([test "x$limbeck_cuda_module" = xyes], [limbeck_cuda="$limbeck_cuda; module for sm $CUDA_ARCHS`test $with_cudnn = no || echo ", with cuDNN"`"],
	[test -n "$NVCC"], [limbeck_cuda="$limbeck_cuda; no module, since there is no GPU here (--with-cuda=yes builds it)"])
])
