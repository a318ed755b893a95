liblimbeck_core_la_SOURCES += \
	%D%/command.h \
	%D%/commands.def \
	%D%/limbeck.c
