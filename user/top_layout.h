/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where things go on the screen of `top`: arithmetic only. Nothing here knows of a
 * terminal, so that every size of screen can be tested without one. Widths are
 * terminal columns.
 */
#ifndef PAGETIDE_TOP_LAYOUT_H
#define PAGETIDE_TOP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines of the screen, from 0; a part that has no room has 0 lines. */
struct layout_screen {
	int title, ram, legend, notes; /* 1 or 0 lines each, in this order from line 0 */
	int bars_at, bars;
	int tabs_at, tabs;
	int head_at, head;
	int table_at, table;
	int footer_at, footer;
};

/* Divides the lines; bars_wanted and notes_wanted are what there is to show. */
struct layout_screen layout__screen(int lines, int bars_wanted, bool notes_wanted);

struct layout_column {
	int min, want; /* width without the gap; want >= min */
	int rank;      /* the highest is dropped first; 0 never, unless alone it does not fit */
	int grow;      /* 0: a figure; others get what those of a lesser one leave over, in their order */
	int at, width; /* out: first column of the screen and width; width 0: not shown */
};

#define LAYOUT_GAP 1

/*
 * Chooses which columns are shown in `width` and how wide each is, in the order
 * given, LAYOUT_GAP between two. Of equal ranks the last is dropped first; what has room when a
 * wider one has gone comes back.
 */
void layout__fit(struct layout_column *columns, size_t count, int width);

/*
 * Cells of a bar of `width` for each of the parts: they add up to at most width,
 * and to width when the parts add up to total. A part that is not 0 gets a cell as
 * long as there are enough.
 */
void layout__share(const uint64_t *parts, size_t count, uint64_t total, int width, int *cells);

/*
 * Cells of a bar of `width`: 0 only for nothing used, all only when used >= limit.
 */
int layout__fill(uint64_t used, uint64_t limit, int width);

/* "[##==   ]": cells of each glyph in turn, then spaces; out needs width + 3 bytes. */
void layout__bar(char *out, int width, const int *cells, const char *glyphs, size_t count);

/* First row to show so that the cursor is in view, moving as little as possible. */
size_t layout__scroll(size_t first, size_t cursor, size_t visible, size_t count);

/* Seconds until `room` is used up at `rate` bytes per second; NAN: never, or not known. */
double layout__seconds_left(uint64_t room_bytes, double rate);

#endif
