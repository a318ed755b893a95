/*
 * limbeck: small networks from large ones. The public interface: the whole program as one call.
 *
 * Everything that the program does is reached through limbeck_main, with the words of its command line (limbeck(1)).
 * The process's signal handlers and its number of OpenMP threads belong to a call while it runs, so only one call may
 * run at a time.
 */
#ifndef LIMBECK_H
#define LIMBECK_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define LIMBECK_API __attribute__((visibility("default")))
#else
#define LIMBECK_API
#endif

/* "0.1.0": of the library that is loaded. Never NULL; lives as long as the program. */
LIMBECK_API const char *limbeck_version(void);

/*
 * Runs one command. argv[0] is the program's name, argv[1] the command; argv[argc] is NULL.
 * Results go to stdout, everything else to stderr. Returns the exit status: 0 done, 1 the run failed, 2 wrong usage or
 * configuration, 130 interrupted after a checkpoint.
 */
LIMBECK_API int limbeck_main(int argc, char **argv);

#ifdef __cplusplus
}
#endif

#endif
