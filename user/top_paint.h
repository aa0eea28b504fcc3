/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only place of `top` that writes on the terminal's screen. Text comes raw and is
 * made safe here: escaped, then reduced to what the locale can print.
 */
#ifndef PAGETIDE_TOP_PAINT_H
#define PAGETIDE_TOP_PAINT_H

#include <stdbool.h>
#include <stddef.h>

/* What it is, not how it looks: with and without colours it must be told apart. */
enum paint {
	PAINT_PLAIN,
	PAINT_TITLE,
	PAINT_HEAD, /* titles of columns */
	PAINT_SORT, /* of the column that the rows are sorted by */
	PAINT_CURSOR,
	PAINT_TAB, /* the view that is shown */
	PAINT_FAINT,
	PAINT_EXITED,
	PAINT_ANON,
	PAINT_CACHE,
	PAINT_TMPFS,
	PAINT_OTHER,
	PAINT_FREE,
	PAINT_CALM, /* a limit far away */
	PAINT_NEAR,
	PAINT_ALARM,
	PAINTS,
};

/* After the terminal was taken over: uses colours if it has them and NO_COLOR is unset. */
void paint__begin(void);

/*
 * raw, from the column `at`, in at most `width`, which it is filled up to; too long,
 * its middle is left out. The part beyond the screen is not drawn. Returns the width of the text.
 */
int paint__text(int line, int at, int width, enum paint paint, const char *raw);

/* The same at the right of its width; too long, it is cut as well. */
void paint__right(int line, int at, int width, enum paint paint, const char *raw);

/* "[##==  ]" from layout__bar, each glyph in the paint of its part. */
void paint__bar(int line, int at, const char *bar, const char *glyphs, const enum paint *paints, size_t count);

/* Gives what stands on the line already another look. */
void paint__over(int line, enum paint paint);

/* Width of raw as paint__text would show it with enough room. */
int paint__width(const char *raw);

/* Width and height of the screen. */
int paint__columns(void);
int paint__lines(void);

/* An arrow that this locale can print; one column. */
const char *paint__arrow(bool up);

#endif
