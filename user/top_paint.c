// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text, bars and looks on the screen of `top`. No byte of a name may reach the
 * terminal but through here.
 */
#include "top_paint.h"

#include "escape.h"

#include <curses.h>
#include <langinfo.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

/* The longest line of text; what is longer than any screen is cut to it. */
#define TEXT_MAX 16384

static const struct look {
	short colour; /* -1: the terminal's own */
	attr_t with_colour, without;
} looks[PAINTS] = {
	[PAINT_PLAIN] = { -1, A_NORMAL, A_NORMAL },
	[PAINT_TITLE] = { -1, A_BOLD, A_BOLD },
	[PAINT_HEAD] = { COLOR_CYAN, A_UNDERLINE, A_UNDERLINE },
	[PAINT_SORT] = { COLOR_CYAN, A_UNDERLINE | A_BOLD, A_UNDERLINE | A_BOLD },
	[PAINT_CURSOR] = { -1, A_REVERSE, A_REVERSE },
	[PAINT_TAB] = { COLOR_CYAN, A_REVERSE | A_BOLD, A_REVERSE },
	[PAINT_FAINT] = { -1, A_DIM, A_NORMAL },
	[PAINT_EXITED] = { -1, A_DIM, A_DIM },
	[PAINT_ANON] = { COLOR_GREEN, A_NORMAL, A_NORMAL },
	[PAINT_CACHE] = { COLOR_BLUE, A_BOLD, A_NORMAL },
	[PAINT_TMPFS] = { COLOR_MAGENTA, A_NORMAL, A_NORMAL },
	[PAINT_OTHER] = { COLOR_YELLOW, A_NORMAL, A_NORMAL },
	[PAINT_FREE] = { -1, A_DIM, A_NORMAL },
	[PAINT_CALM] = { COLOR_GREEN, A_NORMAL, A_NORMAL },
	[PAINT_NEAR] = { COLOR_YELLOW, A_BOLD, A_BOLD },
	[PAINT_ALARM] = { COLOR_RED, A_BOLD, A_BOLD | A_REVERSE },
};

static bool coloured;

void paint__begin(void)
{
	const char *no_color = getenv("NO_COLOR"); /* no-color.org: any text but "" */

	coloured = has_colors() && !(no_color && no_color[0]) && start_color() == OK && use_default_colors() == OK;
	for (short i = 1; coloured && i < PAINTS; i++)
		init_pair(i, looks[i].colour, -1);
}

static attr_t attributes(enum paint paint)
{
	return coloured ? looks[paint].with_colour : looks[paint].without;
}

static short pair(enum paint paint)
{
	return coloured ? (short)paint : 0;
}

/* some terminals make one character of several by these, in fewer columns than they take without */
static bool joins(wchar_t wide)
{
	return wide == 0x200d || wide == 0xfe0f;
}

/* Escapes raw, then puts '?' for what this locale cannot print, and for what needs a character before it to be on. */
static void printable(char *out, const char *raw)
{
	mbstate_t shift = { 0 };
	char *to = out;

	escape__text(out, TEXT_MAX, raw);
	for (const char *from = out; *from;) {
		wchar_t wide;
		size_t bytes = mbrtowc(&wide, from, strlen(from), &shift);

		if (bytes == 0 || bytes > MB_LEN_MAX || wcwidth(wide) < 0) {
			bytes = bytes && bytes <= MB_LEN_MAX ? bytes : 1;
			*to++ = '?';
			memset(&shift, 0, sizeof(shift));
		} else if (wcwidth(wide) == 0 && to == out) {
			*to++ = '?';
		} else if (!joins(wide)) {
			memmove(to, from, bytes);
			to += bytes;
		}
		from += bytes;
	}
	*to = '\0';
}

static bool is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* raw in at most width columns; returns how many it takes. */
static int fit(char *out, const char *raw, int width)
{
	static char whole[TEXT_MAX];
	char *ellipsis;

	printable(whole, raw);
	if (width < 2) { /* too narrow for a middle to be left out */
		bool whole_fits = escape__width(whole, sizeof(whole)) <= (size_t)(width > 0 ? width : 0);

		strcpy(out, whole_fits ? whole : width == 1 ? "~" : "");
	} else {
		escape__shorten(out, TEXT_MAX, whole, (size_t)width);
		ellipsis = is_utf8() ? NULL : strstr(out, "\xe2\x80\xa6");
		if (ellipsis) {
			*ellipsis = '~';
			memmove(ellipsis + 1, ellipsis + 3, strlen(ellipsis + 3) + 1);
		}
	}
	return (int)escape__width(out, strlen(out));
}

int paint__width(const char *raw)
{
	static char whole[TEXT_MAX];

	printable(whole, raw);
	return (int)escape__width(whole, sizeof(whole));
}

int paint__columns(void)
{
	return COLS;
}

int paint__lines(void)
{
	return LINES;
}

const char *paint__arrow(bool up)
{
	if (is_utf8())
		return up ? "\xe2\x86\x91" : "\xe2\x86\x93";
	return up ? "^" : "v";
}

/* Clips to the screen; false when nothing is left. */
static bool clip(int line, int at, int *width)
{
	if (line < 0 || line >= LINES || at < 0 || at >= COLS)
		return false;
	if (*width > COLS - at)
		*width = COLS - at;
	return *width > 0;
}

static int place(int line, int at, int width, enum paint paint, const char *raw, bool right)
{
	static char text[TEXT_MAX];
	int used, before;

	if (!clip(line, at, &width))
		return 0;
	used = fit(text, raw, width);
	before = right ? width - used : 0;
	attr_set(attributes(paint), pair(paint), NULL);
	mvprintw(line, at, "%*s%s%*s", before, "", text, width - used - before, "");
	attr_set(A_NORMAL, 0, NULL);
	return used;
}

int paint__text(int line, int at, int width, enum paint paint, const char *raw)
{
	return place(line, at, width, paint, raw, false);
}

void paint__right(int line, int at, int width, enum paint paint, const char *raw)
{
	place(line, at, width, paint, raw, true);
}

void paint__bar(int line, int at, const char *bar, const char *glyphs, const enum paint *paints, size_t count)
{
	for (; *bar; bar++, at++) {
		enum paint paint = PAINT_PLAIN;
		int width = 1;

		if (!clip(line, at, &width))
			return;
		for (size_t i = 0; i < count; i++)
			if (*bar == glyphs[i])
				paint = paints[i];
		attr_set(attributes(paint), pair(paint), NULL);
		mvaddch(line, at, (chtype)(unsigned char)*bar);
	}
	attr_set(A_NORMAL, 0, NULL);
}

void paint__over(int line, enum paint paint)
{
	if (line >= 0 && line < LINES)
		mvchgat(line, 0, -1, attributes(paint), pair(paint), NULL);
}
