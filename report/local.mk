# Tables, charts and pages of what came out.
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
	%D%/results.c \
	%D%/results.h \
	%D%/summary.c \
	%D%/summary.h
