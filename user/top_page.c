// SPDX-License-Identifier: GPL-2.0-only
/* The window on lines that scroll: details and help. */
#include "top_page.h"

#include "escape.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_MAX 8192
#define BESIDE_MIN 8 /* columns, for text beside its word */

struct page page__begin(struct top_list *list, int at, int lines)
{
	list->page = lines > 0 ? (size_t)lines : 0;
	return (struct page){ .first = list->cursor, .at = at, .lines = lines };
}

bool page__end(const struct page *page, struct top_list *list)
{
	size_t last = page->line > list->page ? page->line - list->page : 0;
	bool beyond = list->cursor > last;

	list->count = page->line;
	if (beyond)
		list->cursor = last;
	return beyond;
}

int page__next(struct page *page)
{
	size_t line = page->line++;

	if (line < page->first || line >= page->first + (size_t)(page->lines > 0 ? page->lines : 0))
		return -1;
	return page->at + (int)(line - page->first);
}

void page__text(struct page *page, enum paint paint, const char *raw)
{
	int line = page__next(page);

	if (line >= 0)
		paint__text(line, 0, INT_MAX, paint, raw);
}

void page__printf(struct page *page, enum paint paint, const char *format, ...)
{
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	page__text(page, paint, text);
}

/* Bytes of text that fill at most width columns: up to a space where there is one, at least one character. */
static size_t piece(const char *text, int width)
{
	size_t length = strlen(text), space = 0, at = 0;

	if (escape__width(text, length) <= (size_t)width)
		return length;
	while (at < length) {
		size_t next = at + 1;

		while ((text[next] & 0xc0) == 0x80) /* the rest of a UTF-8 character */
			next++;
		if (escape__width(text, next) > (size_t)width)
			break;
		if (text[at] == ' ')
			space = next;
		at = next;
	}
	return space ? space : at ? at : length;
}

void page__entry(struct page *page, int split, const char *word, const char *raw)
{
	char text[TEXT_MAX], part[TEXT_MAX];
	const char *rest = text;
	int width, line;

	escape__text(text, sizeof(text), raw);
	width = paint__columns() - split;
	if (width < BESIDE_MIN && (int)escape__width(text, strlen(text)) > width) { /* below the word, then */
		line = page__next(page);
		if (line >= 0)
			paint__text(line, 0, INT_MAX, PAINT_FAINT, word);
		word = "";
		split = 1;
	}
	width = paint__columns() > split ? paint__columns() - split : 1;
	do {
		size_t bytes = piece(rest, width);

		line = page__next(page);
		if (line >= 0) {
			snprintf(part, sizeof(part), "%.*s", (int)bytes, rest);
			paint__text(line, 0, split - 1, PAINT_FAINT, rest == text ? word : "");
			paint__text(line, split, INT_MAX, PAINT_PLAIN, part);
		}
		rest += bytes;
	} while (*rest);
}
