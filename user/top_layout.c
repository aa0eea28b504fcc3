// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arithmetic of the screen of `top`. It must hold for every size of terminal, also
 * one of 1x1.
 */
#include "top_layout.h"

#include <math.h>

/* From this many lines on, the part is shown: the table matters most, the legend least. */
enum {
	LINES_FOOTER = 4,
	LINES_TITLE = 5,
	LINES_TABS = 7,
	LINES_RAM = 9,
	LINES_LEGEND = 12,
	LINES_NOTES = 14,
	LINES_BARS = 10,
};

static int bars_shown(int lines, int wanted)
{
	int most = lines < LINES_BARS ? 0 : lines < 16 ? 1 : lines / 6;

	return wanted < most ? wanted : most;
}

struct layout_screen layout__screen(int lines, int bars_wanted, bool notes_wanted)
{
	struct layout_screen s = { 0 };

	if (lines < 1)
		return s;
	s.title = lines >= LINES_TITLE;
	s.ram = lines >= LINES_RAM;
	s.legend = lines >= LINES_LEGEND;
	s.notes = lines >= LINES_NOTES && notes_wanted;
	s.bars_at = s.title + s.ram + s.legend + s.notes;
	s.bars = bars_shown(lines, bars_wanted);
	s.tabs_at = s.bars_at + s.bars;
	s.tabs = lines >= LINES_TABS;
	s.head_at = s.tabs_at + s.tabs;
	s.head = lines >= 2;
	s.footer = lines >= LINES_FOOTER;
	s.footer_at = lines - s.footer;
	s.table_at = s.head_at + s.head;
	s.table = s.footer_at - s.table_at;
	return s;
}

static int least_of(const struct layout_column *column)
{
	return column->min > 0 ? column->min : 1;
}

static int least_width(const struct layout_column *columns, size_t count)
{
	int sum = -LAYOUT_GAP;

	for (size_t i = 0; i < count; i++)
		if (columns[i].width)
			sum += columns[i].width + LAYOUT_GAP;
	return sum < 0 ? 0 : sum;
}

/* The shown column of the highest rank, the last of equals; -1 when one is left. */
static int next_to_drop(const struct layout_column *columns, size_t count)
{
	int worst = -1, shown = 0;

	for (size_t i = 0; i < count; i++) {
		if (!columns[i].width)
			continue;
		shown++;
		if (worst < 0 || columns[i].rank >= columns[worst].rank)
			worst = (int)i;
	}
	return shown > 1 ? worst : -1;
}

/* What names want of `spare`: all of it, if so much, but half of it is for other columns. */
static int kept_for_names(const struct layout_column *columns, size_t count, int spare)
{
	int wanted = 0;

	for (size_t i = 0; i < count && wanted < spare; i++)
		if (columns[i].width && columns[i].grow && columns[i].want > columns[i].width)
			wanted +=
				columns[i].want - columns[i].width < spare ? columns[i].want - columns[i].width : spare;
	return wanted < spare / 2 ? wanted : spare / 2;
}

/* The dropped column of the lowest rank that has room again, the first of equals; -1. */
static int next_to_restore(const struct layout_column *columns, size_t count, int spare)
{
	int room = spare - kept_for_names(columns, count, spare), best = -1;

	for (size_t i = 0; i < count; i++)
		if (!columns[i].width && least_of(&columns[i]) + LAYOUT_GAP <= room &&
		    (best < 0 || columns[i].rank < columns[best].rank))
			best = (int)i;
	return best;
}

static int widen(struct layout_column *column, int spare, int most)
{
	int more = most - column->width;

	if (!column->width || more <= 0 || spare <= 0)
		return 0;
	if (more > spare)
		more = spare;
	column->width += more;
	return more;
}

void layout__fit(struct layout_column *columns, size_t count, int width)
{
	int spare, index, most = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		columns[i].width = least_of(&columns[i]);
	while (least_width(columns, count) > width && (index = next_to_drop(columns, count)) >= 0)
		columns[index].width = 0;
	while ((index = next_to_restore(columns, count, width - least_width(columns, count))) >= 0)
		columns[index].width = least_of(&columns[index]);
	spare = width - least_width(columns, count);
	for (size_t i = 0; i < count; i++)
		most = columns[i].grow > most ? columns[i].grow : most;
	for (int grow = 0; grow <= most; grow++) /* the narrow ones first: a path can be short of room */
		for (size_t i = 0; i < count; i++)
			if (columns[i].grow == grow)
				spare -= widen(&columns[i], spare, columns[i].want);
	for (size_t i = 0; i < count; i++) {
		columns[i].at = at;
		if (!columns[i].width)
			continue;
		if (at + columns[i].width > width) /* the only one, too wide */
			columns[i].width = width > at ? width - at : 0;
		at += columns[i].width + LAYOUT_GAP;
	}
}

void layout__share(const uint64_t *parts, size_t count, uint64_t total, int width, int *cells)
{
	double sum = 0;
	int used = 0;

	/* A bar whose edges are each rounded has no error that adds up. */
	for (size_t i = 0; i < count; i++) {
		int edge;

		sum += (double)parts[i];
		edge = total ? (int)lround(sum / (double)total * width) : 0;
		if (edge > width)
			edge = width;
		cells[i] = edge > used ? edge - used : 0;
		used += cells[i];
	}
	for (size_t i = 0; i < count; i++) {
		size_t rich = 0;

		if (!parts[i] || cells[i] || !total)
			continue;
		for (size_t j = 1; j < count; j++)
			if (cells[j] > cells[rich])
				rich = j;
		if (used < width)
			used++;
		else if (cells[rich] > 1)
			cells[rich]--;
		else
			continue;
		cells[i] = 1;
	}
}

int layout__fill(uint64_t used, uint64_t limit, int width)
{
	int cells;

	if (width <= 0 || !used)
		return 0;
	if (used >= limit)
		return width;
	cells = (int)((double)used / (double)limit * width + 0.5);
	if (cells < 1)
		cells = 1;
	/* one cell cannot say "some, not all": some it is */
	return cells >= width && width > 1 ? width - 1 : cells;
}

void layout__bar(char *out, int width, const int *cells, const char *glyphs, size_t count)
{
	int at = 0;

	if (width < 0)
		width = 0;
	out[0] = '[';
	for (size_t i = 0; i < count; i++)
		for (int n = 0; n < cells[i] && at < width; n++)
			out[1 + at++] = glyphs[i];
	while (at < width)
		out[1 + at++] = ' ';
	out[width + 1] = ']';
	out[width + 2] = '\0';
}

size_t layout__scroll(size_t first, size_t cursor, size_t visible, size_t count)
{
	size_t last_first = count > visible ? count - visible : 0;

	if (!visible)
		return cursor;
	if (cursor < first)
		first = cursor;
	if (cursor >= first + visible)
		first = cursor - visible + 1;
	return first > last_first ? last_first : first;
}

double layout__seconds_left(uint64_t room_bytes, double rate)
{
	if (isnan(rate) || rate <= 0)
		return NAN;
	return (double)room_bytes / rate;
}
