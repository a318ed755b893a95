/* The simulator for tests in C. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the environment's CUSIM_* again. Only while nothing is queued. */
void cusim_configure(void);

/* The stand-in for cuDNN: a plan's sealing takes so many milliseconds from now on. Gives the largest number that were sealed at the same time so far. */
int cusim_cudnn_seal_ms(int ms);
/* What its heuristics say from now on: as the stand-in's text has it, and nothing where they are asked for a fallback; 40 engines of which none that will do is among
   the first 32, and a fallback; nothing but a fallback. */
enum { CUSIM_HEURISTICS_USUAL, CUSIM_HEURISTICS_MANY, CUSIM_HEURISTICS_REFUSED };
void cusim_cudnn_heuristics(int how);
/* Each engine that takes a problem finds no memory for its plan, while on. */
void cusim_cudnn_hungry(int on);

/* The stand-in for cuBLASLt: whether it has no algorithm for any problem from now on. */
void cusim_cublaslt_refuse(int refuse);
/* How often it was asked for an algorithm, and how many products it has queued. */
int cusim_cublaslt_asked(void);
int cusim_cublaslt_queued(void);

#ifdef __cplusplus
}
#endif
