/* The simulator for tests in C. */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/* Reads the environment's CUSIM_* again. Only while nothing is queued. */
void cusim_configure(void);

#ifdef __cplusplus
}
#endif
