liblimbeck_core_la_SOURCES += \
	%D%/results.c \
	%D%/results.h
