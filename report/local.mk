# Tables and pictures of what came out.
liblimbeck_core_la_SOURCES += \
	%D%/confusion.c \
	%D%/confusion.h \
	%D%/confusion_png.c \
	%D%/distributions.c \
	%D%/distributions.h \
	%D%/grid.c \
	%D%/grid.h \
	%D%/incomplete.c \
	%D%/incomplete.h \
	%D%/noncentral_t.c \
	%D%/paper.c \
	%D%/paper.h \
	%D%/results.c \
	%D%/results.h \
	%D%/stats.c \
	%D%/stats.h \
	%D%/sweep_results.c \
	%D%/sweep_results.h \
	%D%/table.c \
	%D%/table.h \
	%D%/table_claims.c \
	%D%/table_notes.c \
	%D%/table_print.c \
	%D%/verdict.c
