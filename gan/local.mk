liblimbeck_core_la_SOURCES += \
	%D%/adv_hinge.c \
	%D%/adv_least_squares.c \
	%D%/adv_non_saturating.c \
	%D%/adv_wasserstein.c \
	%D%/adversaries.def \
	%D%/critic.c \
	%D%/critic.h \
	%D%/critics.def \
	%D%/disc_small.c \
	%D%/disc_teacher_block.c \
	%D%/disc_teacher_tail.c \
	%D%/head.c \
	%D%/head.h \
	%D%/penalty.c \
	%D%/penalty.h \
	%D%/spectral.c \
	%D%/spectral.h
