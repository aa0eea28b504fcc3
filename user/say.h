/* SPDX-License-Identifier: GPL-2.0-only */
/* The one way to tell the user that something went wrong: one line on standard error. */
#ifndef PAGETIDE_SAY_H
#define PAGETIDE_SAY_H

/*
 * From now on a standard error that blocks does not make us wait. What finds no room is dropped, and
 * the next line that does says how many were. Before the end: say__finish(), which waits for a while.
 */
void say__in_background(void);
/* what was said is written before something else goes to standard error; waits for a while */
void say__drain(void);
void say__finish(void);

/* "pagetide: " and the text and a newline; unprintable bytes are escaped */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
