/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live view on a terminal. The caller's loop owns time, signals and readings:
 * it shows each reading, says when keys are there and when the window changed, and
 * does what top__key wishes. Nothing here waits.
 *
 * A reading is used until the next top__show (keys redraw the last one), so it must
 * live until then; after the model has begun the next one, call top__show (with NULL
 * if it failed) before anything here but top__message and top__close.
 */
#ifndef PAGETIDE_TOP_H
#define PAGETIDE_TOP_H

#include "options.h"
#include "snapshot.h"

struct top;

/* What the loop should do after keys: the strongest wish of all that were there. */
enum top_wish {
	TOP_NOTHING,
	TOP_REDRAW,   /* the screen shows the last reading anew already: nothing to do */
	TOP_READ_NOW, /* read at once and set the timer anew */
	TOP_QUIT,
};

/*
 * Takes over the terminal on standard input and output. options must outlive it.
 * 0; -ENOTTY: not a terminal; -EINVAL: TERM is unset, unknown or cannot place its
 * cursor; another -errno. On an error the terminal is as it was and *top is NULL.
 */
int top__open(struct top **top, const struct options *options);

/* Restores the terminal and frees; NULL is legal, and so is any state. */
void top__close(struct top *top);

/* Draws a reading, but while it is paused; NULL: there is none. 0; -ENOMEM: it is drawn without its rows. */
int top__show(struct top *top, const struct snapshot *snapshot);

/*
 * Takes all keys that are there, when standard input is readable or hung up (then
 * the wish is TOP_QUIT). Redraws where a key changes the screen.
 */
enum top_wish top__key(struct top *top);

/* After SIGWINCH (taken by the caller: ncurses' own handler is not needed). */
void top__resized(struct top *top);

/*
 * Whenever the loop came round: draws what a terminal that took nothing has not got.
 * 0, or -errno: the terminal takes nothing any more.
 */
int top__look(struct top *top);

/* Gives the terminal back before this process is stopped (Ctrl-Z), and takes it again after that. */
void top__leave(struct top *top);
void top__return(struct top *top);

/* The screen shows who holds a file: the next reading should have the holders. */
bool top__wants_holders(const struct top *top);

/* Seconds between readings: --interval, or what the user typed since (with TOP_READ_NOW). */
double top__interval_seconds(const struct top *top);

/* One line (a warning) in place of the key hints, for a minute or until Esc; copied, escaped. "": it is over. */
void top__message(struct top *top, const char *text);

#endif
