liblimbeck_core_la_SOURCES += \
	%D%/augment.c \
	%D%/cifar.c \
	%D%/cifar_names.c \
	%D%/cifar_names.h \
	%D%/data.c \
	%D%/dataset.h \
	%D%/datasets.def \
	%D%/folder.c \
	%D%/folder_list.c \
	%D%/folder_list.h \
	%D%/hash.c \
	%D%/held.c \
	%D%/idx.c \
	%D%/image.c \
	%D%/image_fit.c \
	%D%/image_int.h \
	%D%/image_jpeg.c \
	%D%/image_jpeg_write.c \
	%D%/image_png.c \
	%D%/loader.c \
	%D%/source.h \
	%D%/split.c \
	%D%/split.h \
	%D%/synth.c
