liblimbeck_core_la_SOURCES += \
	%D%/adv_least_squares.c \
	%D%/adv_non_saturating.c \
	%D%/adversaries.def \
	%D%/critic.c \
	%D%/critic.h \
	%D%/critics.def \
	%D%/disc_small.c \
	%D%/disc_teacher_tail.c
