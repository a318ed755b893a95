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
	%D%/temp_adaptive.c \
	%D%/temp_cosine.c \
	%D%/temp_fixed.c \
	%D%/temp_learned_adversarial.c \
	%D%/temp_linear.c \
	%D%/temp_replay.c \
	%D%/temp_steps.c \
	%D%/temperature.c \
	%D%/temperature.h \
	%D%/temperatures.def \
	%D%/term_temperature.c \
	%D%/losses.def
