liblimbeck_core_la_SOURCES += \
	%D%/adapt.c \
	%D%/ce.c \
	%D%/hint.c \
	%D%/kd.c \
	%D%/loss.c \
	%D%/loss.h \
	%D%/losses.def
