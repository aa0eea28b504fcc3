/* SPDX-License-Identifier: GPL-2.0-only */
/* The one way to tell the user that something went wrong: one line on standard error. */
#ifndef PAGETIDE_SAY_H
#define PAGETIDE_SAY_H

/* "pagetide: " and the text and a newline; unprintable bytes are escaped */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
