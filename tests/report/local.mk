check_PROGRAMS += tests/check_report
tests_check_report_SOURCES = \
	%D%/main.c \
	%D%/suites.h \
	%D%/table_made.c \
	%D%/table_made.h \
	%D%/test_answers.c \
	%D%/test_chart.c \
	%D%/test_confusion.c \
	%D%/test_distributions.c \
	%D%/test_gradcam.c \
	%D%/test_gradcam_sheet.c \
	%D%/test_heat_map.c \
	%D%/test_page.c \
	%D%/test_results.c \
	%D%/test_stats.c \
	%D%/test_grid.c \
	%D%/test_paper.c \
	%D%/test_table.c \
	%D%/test_table_claims.c \
	%D%/test_table_marks.c \
	%D%/test_table_paper.c \
	%D%/test_table_points.c
tests_check_report_CPPFLAGS = $(TEST_CPPFLAGS)
tests_check_report_LDADD = $(TEST_LIBS)
