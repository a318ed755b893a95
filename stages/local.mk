liblimbeck_core_la_SOURCES += \
	%D%/blocks.c \
	%D%/blocks.h \
	%D%/blocks_step.c \
	%D%/check.c \
	%D%/checkpoint.c \
	%D%/evaluate.c \
	%D%/experiment.c \
	%D%/distill.c \
	%D%/lesson.c \
	%D%/pipeline.c \
	%D%/record.c \
	%D%/references.c \
	%D%/resolved.c \
	%D%/run.h \
	%D%/stage.h \
	%D%/stage_read.c \
	%D%/stage_read.h \
	%D%/stage_run.c \
	%D%/stages.def \
	%D%/step.c \
	%D%/stop.c \
	%D%/supervise.c \
	%D%/train.c \
	%D%/train_int.h
