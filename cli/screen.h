/* A terminal's whole window, drawn again and again, and the window of before after it. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>

/* Whether standard output is a terminal on which that can be done. */
bool screen_possible(void);
/* Takes the window. Ctrl-C and its like no longer end the program but screen_wait; Ctrl-Z gives the window back meanwhile. */
void screen_open(void);
void screen_close(void); /* gives it back */
void screen_size(int *lines, int *columns);
/* Lines are cut to the window's width by the caller; what does not fit below is left out. */
void screen_draw(const char *text);
/* Until the time is over or the window has another size. false: the user wants to leave. */
bool screen_wait(double seconds);

#endif
