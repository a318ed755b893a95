# The back end for NVIDIA's GPUs: a module of its own, found at run time. tests/cuda builds the same files on the simulator.
CUDA_HOST = \
	%D%/binary.c \
	%D%/conv.c \
	%D%/conv_int8.c \
	%D%/conv_work.c \
	%D%/cuda.c \
	%D%/ferry.c \
	%D%/index.c \
	%D%/lap.c \
	%D%/loss.c \
	%D%/matmul.c \
	%D%/means.c \
	%D%/misc.c \
	%D%/norm.c \
	%D%/pool.c \
	%D%/product.c \
	%D%/product_lt.c \
	%D%/quant.c \
	%D%/random.c \
	%D%/reduce.c \
	%D%/resize.c \
	%D%/shape.c \
	%D%/softmax.c \
	%D%/staging.c \
	%D%/state.c \
	%D%/unary.c \
	%D%/view.c
CUDA_KERNELS = \
	%D%/conv.cu \
	%D%/conv_direct.cu \
	%D%/conv_int8.cu \
	%D%/index.cu \
	%D%/index_sort.cu \
	%D%/loss.cu \
	%D%/map.cu \
	%D%/means.cu \
	%D%/norm.cu \
	%D%/norm_dx.cu \
	%D%/pictures.cu \
	%D%/pool.cu \
	%D%/pool_avg.cu \
	%D%/product.cu \
	%D%/quant.cu \
	%D%/random.cu \
	%D%/reduce.cu \
	%D%/resize.cu \
	%D%/softmax.cu \
	%D%/state.cu \
	%D%/system.cu
CUDA_INCLUDED = \
	%D%/conv_cudnn.h \
	%D%/conv_index.cuh \
	%D%/conv_kernels.h \
	%D%/conv_work.h \
	%D%/cu_portable.h \
	%D%/cuda.h \
	%D%/device.cuh \
	%D%/index_kernels.h \
	%D%/kernels.h \
	%D%/loss_kernels.h \
	%D%/map.h \
	%D%/map_kernels.h \
	%D%/means_kernels.h \
	%D%/norm.cuh \
	%D%/norm_kernels.h \
	%D%/pack.cuh \
	%D%/pictures_kernels.h \
	%D%/pool.cuh \
	%D%/pool_kernels.h \
	%D%/product.h \
	%D%/product_kernels.h \
	%D%/quant.cuh \
	%D%/quant_kernels.h \
	%D%/random_kernels.h \
	%D%/reduce.h \
	%D%/reduce_kernels.h \
	%D%/resize_kernels.h \
	%D%/softmax_kernels.h \
	%D%/state.h \
	%D%/state_kernels.h \
	%D%/system_kernels.h \
	%D%/team.cuh
# Convolutions by cuDNN's plans, or the word that there are none.
CUDA_NO_CUDNN = %D%/conv_cudnn_none.c
EXTRA_DIST += %D%/conv_cudnn.c $(CUDA_NO_CUDNN)
EXTRA_DIST += $(CUDA_KERNELS) $(CUDA_INCLUDED) $(CUDA_HOST) %D%/module.c

# What the back end takes of the program's own code; it has no state that the two would have to share.
CUDA_SHARED = base/arena.c base/err.c base/str.c engine/tensor.c

if CUDA_MODULE
pkglib_LTLIBRARIES = limbeck_cuda.la
limbeck_cuda_la_SOURCES = $(CUDA_HOST) %D%/module.c $(CUDA_SHARED)
limbeck_cuda_la_CPPFLAGS = $(AM_CPPFLAGS) $(CUDA_CPPFLAGS)
# Nothing may be left for the program to give: its names are hidden, so the module would not load.
limbeck_cuda_la_LDFLAGS = -module -avoid-version -shared -no-undefined -Wl,-z,defs $(CUDA_LDFLAGS)
limbeck_cuda_la_LIBADD = $(CUDA_KERNELS:.cu=.nvcc.o) -lcublasLt -lcublas -lcudart -lstdc++ -lm
if CUDNN
limbeck_cuda_la_SOURCES += %D%/conv_cudnn.c
limbeck_cuda_la_LIBADD += -lcudnn
else
limbeck_cuda_la_SOURCES += $(CUDA_NO_CUDNN)
endif
limbeck_cuda_la_DEPENDENCIES = $(CUDA_KERNELS:.cu=.nvcc.o)
CLEANFILES += $(CUDA_KERNELS:.cu=.nvcc.o) $(CUDA_KERNELS:.cu=.nvcc.log)

# What ptxas says of registers and spills is kept beside each object.
%.nvcc.o: %.cu
	@$(MKDIR_P) $(@D)
	$(AM_V_GEN)$(NVCC) $(NVCC_FLAGS) -Xcompiler -fPIC,-Wall,-Wextra -I$(top_srcdir) -MD -MF $@.d -Xptxas -v -c $< -o $@ \
		2>$(@:.o=.log) || { cat $(@:.o=.log) >&2; exit 1; }
-include $(CUDA_KERNELS:.cu=.nvcc.o.d)
endif
