# What a run leaves: weights, resume states, the store of results.
liblimbeck_core_la_SOURCES += \
	%D%/cache.c \
	%D%/cache.h \
	%D%/cache_use.c \
	%D%/cache_use.h \
	%D%/claims.c \
	%D%/claims.h \
	%D%/config_stages.c \
	%D%/config_stages.h \
	%D%/events.c \
	%D%/events.h \
	%D%/failure.c \
	%D%/failure.h \
	%D%/leftover.c \
	%D%/leftover.h \
	%D%/live.c \
	%D%/live.h \
	%D%/lock.c \
	%D%/lock.h \
	%D%/metrics.c \
	%D%/metrics.h \
	%D%/note.c \
	%D%/note.h \
	%D%/origin.c \
	%D%/origin.h \
	%D%/overview.c \
	%D%/overview.h \
	%D%/predictions.c \
	%D%/predictions.h \
	%D%/rebuild.c \
	%D%/rebuild.h \
	%D%/rebuild_int.h \
	%D%/rebuild_read.c \
	%D%/record_file.c \
	%D%/record_file.h \
	%D%/resume.c \
	%D%/resume.h \
	%D%/resume_int.h \
	%D%/resume_load.c \
	%D%/safetensors.c \
	%D%/safetensors.h \
	%D%/safetensors_read.c \
	%D%/store.c \
	%D%/store.h \
	%D%/store_int.h \
	%D%/store_list.c \
	%D%/store_open.c \
	%D%/store_query.c \
	%D%/store_wait.c \
	%D%/store_write.c \
	%D%/weights.c

# TensorBoard's messages: code that protobuf-c makes.
nodist_liblimbeck_core_la_SOURCES = \
	%D%/events.pb-c.c \
	%D%/events.pb-c.h
EXTRA_DIST += %D%/events.proto
CLEANFILES += %D%/events.pb-c.c %D%/events.pb-c.h

%D%/events.pb-c.c: $(srcdir)/%D%/events.proto
	@$(MKDIR_P) %D%
	$(AM_V_GEN)$(PROTOC_C) --proto_path=$(srcdir)/%D% --c_out=%D% $(srcdir)/%D%/events.proto
%D%/events.pb-c.h: %D%/events.pb-c.c
%D%/events.lo %D%/events.pb-c.lo: %D%/events.pb-c.h
