liblimbeck_core_la_SOURCES += \
	%D%/cmd_bench.c \
	%D%/cmd_train.c \
	%D%/command.h \
	%D%/commands.def \
	%D%/limbeck.c \
	%D%/options.c \
	%D%/options.h
