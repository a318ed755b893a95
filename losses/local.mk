liblimbeck_core_la_SOURCES += \
	%D%/adapt.c \
	%D%/ce.c \
	%D%/fsp.c \
	%D%/hint.c \
	%D%/irg.c \
	%D%/kd.c \
	%D%/loss.c \
	%D%/loss.h \
	%D%/tap_after.c \
	%D%/losses.def
