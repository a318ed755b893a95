# Tables, charts and pages of what came out; what a few seeds can say.
liblimbeck_core_la_SOURCES += \
	%D%/axis.c \
	%D%/axis.h \
	%D%/canvas.c \
	%D%/canvas.h \
	%D%/canvas_cairo.c \
	%D%/canvas_int.h \
	%D%/canvas_svg.c \
	%D%/chart.h \
	%D%/chart_confusion.c \
	%D%/chart_frame.c \
	%D%/chart_int.h \
	%D%/chart_lines.c \
	%D%/chart_rows.c \
	%D%/confusion.c \
	%D%/confusion.h \
	%D%/distributions.c \
	%D%/distributions.h \
	%D%/incomplete.c \
	%D%/incomplete.h \
	%D%/noncentral_t.c \
	%D%/results.c \
	%D%/results.h \
	%D%/stats.c \
	%D%/stats.h \
	%D%/summary.c \
	%D%/summary.h \
	%D%/verdict.c
