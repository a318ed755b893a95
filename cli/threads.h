/* What the OpenMP library reads before main begins. */
#ifndef CLI_THREADS_H
#define CLI_THREADS_H

/*
 * Starts the program anew, in the same process, with a smaller GOMP_SPINCOUNT: how long an idle thread turns in a loop before
 * it sleeps. libgomp's own is so long that two busy programs on the same cores hold each other up. Returns at once where
 * the environment names OMP_WAIT_POLICY or GOMP_SPINCOUNT, which the second time it does, or where the program can't be found;
 * then all goes on as it is.
 */
void threads_calm(char **argv);

#endif
