/* The simulator for tests in C. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the environment's CUSIM_* again. Only while nothing is queued. */
void cusim_configure(void);

/* The stand-in for cuDNN: a plan's sealing takes so many milliseconds from now on. Gives the largest number that were sealed at the same time so far. */
int cusim_cudnn_seal_ms(int ms);

#ifdef __cplusplus
}
#endif
