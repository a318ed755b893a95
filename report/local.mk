# Tables and pictures of what came out.
liblimbeck_core_la_SOURCES += \
	%D%/confusion.c \
	%D%/confusion.h \
	%D%/confusion_png.c \
	%D%/distributions.c \
	%D%/distributions.h \
	%D%/incomplete.c \
	%D%/incomplete.h \
	%D%/noncentral_t.c \
	%D%/results.c \
	%D%/results.h \
	%D%/stats.c \
	%D%/stats.h \
	%D%/verdict.c
