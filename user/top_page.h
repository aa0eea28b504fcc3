/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines that scroll: whoever writes them writes all, and only those in the window are
 * drawn. How many there were is known at the end, and so how far it can scroll.
 */
#ifndef PAGETIDE_TOP_PAGE_H
#define PAGETIDE_TOP_PAGE_H

#include "top_paint.h"
#include "top_state.h"

struct page {
	size_t line, first; /* the next line to write; the first that is shown */
	int at, lines;      /* the window on the screen */
};

struct page page__begin(struct top_list *list, int at, int lines);
/* Tells the list how long it was; moves it when it had scrolled beyond. True: draw it again. */
bool page__end(const struct page *page, struct top_list *list);

/* Where the next line is on the screen; -1: not in the window. */
int page__next(struct page *page);

void page__text(struct page *page, enum paint paint, const char *raw);
void page__printf(struct page *page, enum paint paint, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A word and what it says, from the column `split` on as many lines as that takes. */
void page__entry(struct page *page, int split, const char *word, const char *raw);

#endif
