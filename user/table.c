// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables for people. It must never let a name, however long or hostile, break the alignment. Texts of
 * cells are long: they are static, for they would be half of a small stack.
 */
#include "table.h"

#include "escape.h"
#include "out.h"
#include "top_layout.h"

#include <string.h>

#define TABLE_COLUMNS_MAX 32
#define GAP 2
#define NAME_WIDTH_MIN 36 /* of the last column, or a third of a narrow table */
#define WORD_WIDTH_MIN 16 /* of other columns of text, which get more when the names have all they want */
#define CELL_MAX (4 * COLUMN_TEXT_MAX)

struct table {
	const struct column *column[TABLE_COLUMNS_MAX];
	struct layout_column place[TABLE_COLUMNS_MAX];
	size_t count, shown; /* shown: index after the last that is */
};

/* The cell's text, safe to print. */
static void format_cell(const struct column *column, const void *row, char *cell)
{
	char raw[COLUMN_TEXT_MAX];

	column__text(column, row, raw, sizeof(raw));
	escape__text(cell, CELL_MAX, raw);
}

static bool is_name(const struct column *column)
{
	return column->kind == COLUMN_STRING && column->rank == 0;
}

/* The widest cell; 0 when nothing is known in any row. */
static int measure(const struct column *column, const void *const *rows, size_t count)
{
	static char cell[CELL_MAX];
	size_t widest = 0;

	for (size_t i = 0; i < count; i++) {
		size_t width;

		format_cell(column, rows[i], cell);
		width = strcmp(cell, "-") == 0 ? 0 : escape__width(cell, strlen(cell));
		widest = width > widest ? width : widest;
	}
	return (int)widest;
}

static int least_name_width(int want, int width)
{
	int least = width / 3 < NAME_WIDTH_MIN ? width / 3 : NAME_WIDTH_MIN;

	return want < least ? want : least;
}

static int least_word_width(int want, int title)
{
	int least = title > WORD_WIDTH_MIN ? title : WORD_WIDTH_MIN;

	return want < least ? want : least;
}

static void add_column(struct table *table, const struct column *column, const void *const *rows, size_t count,
		       int width)
{
	int content = measure(column, rows, count), title = (int)strlen(column->title);
	struct layout_column *place = &table->place[table->count];

	if (content == 0 || table->count == TABLE_COLUMNS_MAX)
		return;
	/* a table without the names of its rows says nothing: they go last */
	*place = (struct layout_column){ .rank = is_name(column) ? -1 : column->rank };
	place->want = content > title ? content : title;
	place->min = place->want;
	if (is_name(column)) {
		place->min = least_name_width(place->want, width);
		place->grow = 1;
	} else if (column__is_text(column)) {
		place->min = least_word_width(place->want, title);
		place->grow = 2;
	}
	if (!is_name(column)) {
		place->want += GAP - LAYOUT_GAP;
		place->min += GAP - LAYOUT_GAP;
	}
	table->column[table->count++] = column;
}

static void layout(struct table *table, const struct columns *columns, const void *const *rows, size_t count, int width)
{
	*table = (struct table){ 0 };
	for (int names = 0; names <= 1; names++) /* names come last */
		for (size_t i = 0; i < columns->count; i++)
			if (columns->columns[i].title && is_name(&columns->columns[i]) == names)
				add_column(table, &columns->columns[i], rows, count, width);
	layout__fit(table->place, table->count, width);
	for (size_t i = 0; i < table->count; i++)
		if (table->place[i].width)
			table->shown = i + 1;
}

static void pad(FILE *out, int columns)
{
	fprintf(out, "%*s", columns > 0 ? columns : 0, "");
}

static void print_cell(FILE *out, const struct table *table, size_t i, const char *text)
{
	const struct column *column = table->column[i];
	int room = table->place[i].width - (is_name(column) ? 0 : GAP - LAYOUT_GAP);
	static char shown[CELL_MAX];
	int width;

	escape__shorten(shown, sizeof(shown), text, room > 1 ? (size_t)room : 2);
	width = (int)escape__width(shown, strlen(shown));
	if (column__is_number(column))
		pad(out, room - width);
	fputs(shown, out);
	if (i + 1 == table->shown)
		return;
	if (!column__is_number(column))
		pad(out, room - width);
	pad(out, GAP);
}

static int print_line(FILE *out, const struct table *table, const void *row)
{
	static char cell[CELL_MAX];

	for (size_t i = 0; i < table->count; i++) {
		if (!table->place[i].width)
			continue;
		if (row)
			format_cell(table->column[i], row, cell);
		print_cell(out, table, i, row ? cell : table->column[i]->title);
	}
	fputc('\n', out);
	return out__status(out);
}

int table__print(FILE *out, const struct columns *columns, const void *const *rows, size_t count, int width)
{
	struct table table;
	int err;

	if (count == 0)
		return 0;
	layout(&table, columns, rows, count, width);
	err = print_line(out, &table, NULL);
	for (size_t i = 0; i < count && !err; i++)
		err = print_line(out, &table, rows[i]);
	return err;
}
