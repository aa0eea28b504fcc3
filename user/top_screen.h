/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminal of `top`, which may stop taking output (Ctrl-S, nobody reads it) and makes
 * nobody wait: curses writes into memory, and a thread takes that to the terminal. What
 * curses wrote is never dropped, or it would not know what stands there; what waits is
 * kept small by not drawing.
 */
#ifndef PAGETIDE_TOP_SCREEN_H
#define PAGETIDE_TOP_SCREEN_H

#include <stdbool.h>
#include <wchar.h>

struct screen;

/*
 * Takes over the terminal on standard input and output. 0; -ENOTTY; -EINVAL: TERM is unset,
 * unknown or cannot place its cursor; another -errno. On an error the terminal is as it was.
 */
int screen__open(struct screen **screen);
/* Gives the terminal back; one that takes nothing is waited for two seconds. Takes NULL. */
void screen__close(struct screen *screen);

/* The window's size as it is now. */
void screen__resize(const struct screen *screen);
/* Nearly all that was sent is on the terminal: what is drawn now will be seen. */
bool screen__is_ready(const struct screen *screen);
/* What curses wrote goes out. 0; -ENOBUFS: it is lost, and the next drawing draws all; another -errno as below. */
int screen__send(struct screen *screen);
/* 0, or -errno: the terminal takes nothing any more. */
int screen__error(const struct screen *screen);
/* A key, as get_wch() tells it, but nothing is drawn by asking. */
int screen__key(const struct screen *screen, wint_t *key);

/* The terminal as it was before, and taken over again: around a stop of this process. */
void screen__leave(struct screen *screen);
void screen__return(struct screen *screen);

#endif
