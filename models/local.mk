liblimbeck_core_la_SOURCES += \
	%D%/apply.c \
	%D%/apply.h \
	%D%/block.c \
	%D%/block.h \
	%D%/block_int8.c \
	%D%/block_int8.h \
	%D%/block_rows.c \
	%D%/block_rows.h \
	%D%/cnn.c \
	%D%/init.c \
	%D%/int8.c \
	%D%/int8.h \
	%D%/model.h \
	%D%/model_list.c \
	%D%/models.def \
	%D%/net.c \
	%D%/residual.c \
	%D%/residual.h \
	%D%/resnet_cifar.c \
	%D%/resnet_imagenet.c \
	%D%/taps.c \
	%D%/vgg.c \
	%D%/wrn.c
