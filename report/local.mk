# Tables and pictures of what came out.
liblimbeck_core_la_SOURCES += \
	%D%/confusion.c \
	%D%/confusion.h \
	%D%/confusion_png.c \
	%D%/results.c \
	%D%/results.h
