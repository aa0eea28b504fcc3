// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything about one row: all of its figures, then what it is made of. Lists of
 * files and processes come from select.h, so they mean here what they mean anywhere.
 */
#include "top_page.h"
#include "top_private.h"

#include "units.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 14
#define FIGURE_WIDTH 11
#define CELL_WIDTH (LABEL_WIDTH + FIGURE_WIDTH + 2) /* three abreast on 80 columns */
#define LABEL_MAX 64

/* "tmpfs_bytes_per_second" is "tmpfs rate" to people, "page_tables_bytes" "page tables" */
static void label(char *out, const char *key)
{
	static const char per_second[] = "bytes_per_second";
	char *end;

	snprintf(out, LABEL_MAX, "%s", key);
	end = strstr(out, per_second);
	if (end)
		strcpy(end, "rate");
	end = strstr(out, "_bytes");
	if (end && end[strlen("_bytes")] == '\0')
		*end = '\0';
	for (char *c = out; *c; c++)
		if (*c == '_')
			*c = ' ';
}

static bool is_text(const struct column *column)
{
	return column->kind == COLUMN_STRING || column->kind == COLUMN_START || column->kind == COLUMN_TIME;
}

/* Not what is unknown, a flag that is not set, or what the lists below say in full. */
static bool says_something(const struct column *column, const void *row)
{
	struct value value = column__value(column, row);

	return column->key && value.known && !(column->kind == COLUMN_FLAG && !value.number) &&
	       strncmp(column->key, "owner", strlen("owner")) != 0;
}

static void names(struct page *page, const struct columns *columns, const void *row)
{
	char name[LABEL_MAX], text[COLUMN_TEXT_MAX];

	for (size_t i = 0; i < columns->count; i++) {
		const struct column *column = &columns->columns[i];

		if (!is_text(column) || !says_something(column, row))
			continue;
		label(name, column->key);
		column__text(column, row, text, sizeof(text));
		page__entry(page, LABEL_WIDTH + 1, name, text);
	}
}

/* As many beside each other as the screen is wide. */
static void figures(struct page *page, const struct columns *columns, const void *row)
{
	char name[LABEL_MAX], text[COLUMN_TEXT_MAX];
	int abreast = (paint__columns() + 1) / CELL_WIDTH, cell = 0, line = -1;
	int room = paint__columns() - FIGURE_WIDTH, before = room > 0 && room < LABEL_WIDTH ? room : LABEL_WIDTH;

	for (size_t i = 0; i < columns->count; i++) {
		const struct column *column = &columns->columns[i];

		if (is_text(column) || !says_something(column, row))
			continue;
		if (cell == 0)
			line = page__next(page);
		label(name, column->key);
		column__text(column, row, text, sizeof(text));
		paint__text(line, cell * CELL_WIDTH, before - 1, PAINT_FAINT, name);
		paint__right(line, cell * CELL_WIDTH + before, FIGURE_WIDTH, PAINT_PLAIN, text);
		cell = cell + 1 < abreast ? cell + 1 : 0;
	}
}

/* A table within the page: at most what is in the window is looked at. */
static void table(struct top *top, struct page *page, enum view view, const struct rows *rows,
		  const struct column *order)
{
	struct top_table *columns = &top->tables[view];
	struct layout_column shapes[TOP_COLUMNS_MAX];
	size_t first = page->first > page->line ? page->first - page->line : 0;
	size_t last = first + (size_t)page->lines;
	int line, sort = order ? top_table__index(columns, order) : -1;

	if (first > rows->count)
		first = rows->count;
	if (last > rows->count)
		last = rows->count;
	top_table__fit(columns, view, sort, rows, first, last, shapes);
	line = page__next(page);
	if (line >= 0)
		top_table__titles(columns, shapes, sort, false, line);
	for (size_t i = 0; i < rows->count; i++) {
		line = page__next(page);
		if (line >= 0)
			top_table__row(columns, shapes, view, rows->row[i], line);
	}
}

/* Rows of a view that fit a narrower choice than the user's, in the view's own order. */
static int select_all(struct rows *rows, const struct top *top, const struct options *choice, enum view view)
{
	return select__view(rows, top->last, choice, view, 0);
}

static const struct snapshot_process *process_of(const struct snapshot *s, uint32_t pid)
{
	const struct snapshot_process *found = NULL;

	for (size_t i = 0; i < s->process_count; i++)
		if (s->processes[i].pid == pid && (!found || found->exited))
			found = &s->processes[i];
	return found;
}

static uint64_t owned_by(const struct snapshot_file *file, const struct snapshot_process *process)
{
	for (size_t i = 0; i < file->owner_count; i++)
		if (file->owners[i].pid == process->pid && file->owners[i].start_ns == process->start_ns)
			return file->owners[i].bytes;
	return 0;
}

static void part_of_process(struct top *top, struct page *page, const void *row)
{
	const struct column *path = columns__find(VIEW_FILE, "path");
	const struct options choice = { .pid = ((const struct snapshot_process *)row)->pid };
	char owned[UNITS_MAX], all[UNITS_MAX], text[COLUMN_TEXT_MAX];
	struct rows rows;

	if (select_all(&rows, top, &choice, VIEW_FILE) == 0) {
		page__printf(page, PAINT_TITLE, "Files that it brought in or holds: %zu", rows.count);
		page__printf(page, PAINT_HEAD, "%10s %10s  %s", "ITS BYTES", "OF ALL", "PATH");
		for (size_t i = 0; i < rows.count; i++) {
			const struct snapshot_file *file = rows.row[i];
			enum paint paint = file->gone ? PAINT_EXITED : PAINT_PLAIN;
			int line = page__next(page);

			if (line < 0) /* there may be very many */
				continue;
			column__text(path, file, text, sizeof(text));
			paint__right(line, 0, 10, paint, units__bytes(owned, owned_by(file, row)));
			paint__right(line, 11, 10, paint, units__bytes(all, file->bytes));
			paint__text(line, 23, INT_MAX, paint, text);
		}
	}
	select__free(&rows);
}

static void part_of_mount(struct top *top, struct page *page, const void *row)
{
	const struct snapshot_mount *mount = row;
	const struct options everything = { 0 };
	struct rows rows;
	size_t kept = 0;

	if (select_all(&rows, top, &everything, VIEW_FILE) == 0) {
		for (size_t i = 0; i < rows.count; i++) {
			const struct snapshot_file *file = rows.row[i];

			if (file->major == mount->major && file->minor == mount->minor)
				rows.row[kept++] = file;
		}
		rows.count = kept;
		page__printf(page, PAINT_TITLE, "Files on it: %zu", kept);
		table(top, page, VIEW_FILE, &rows, columns__of(VIEW_FILE)->order);
	}
	select__free(&rows);
}

static void part_of_file(struct top *top, struct page *page, const void *row)
{
	const struct snapshot_file *file = row;
	char bytes[UNITS_MAX];

	page__printf(page, PAINT_TITLE, "Owners, who brought it in: %u%s", file->owner_count,
		     file->shared ? " (shares between them are estimates)" : "");
	for (size_t i = 0; i < file->owner_count; i++)
		page__printf(page, file->owners[i].exited ? PAINT_EXITED : PAINT_PLAIN, "%10s  %u %s%s",
			     units__bytes(bytes, file->owners[i].bytes), file->owners[i].pid,
			     file->owners[i].comm ? file->owners[i].comm : "?",
			     file->owners[i].exited ? " (exited)" : "");
	page__text(page, PAINT_PLAIN, "");
	if (!file->holders_known) {
		page__text(page, PAINT_TITLE, "Holders, who have it open or mapped: not read yet");
		return;
	}
	page__printf(page, PAINT_TITLE, "Holders, who have it open or mapped: %u", file->holder_count);
	for (size_t i = 0; i < file->holder_count; i++) {
		const struct snapshot_process *process = process_of(top->last, file->holders[i]);

		page__printf(page, PAINT_PLAIN, "%10u  %s", file->holders[i],
			     process && process->comm ? process->comm : "?");
	}
}

static void processes(struct top *top, struct page *page, const struct rows *rows, const char *heading,
		      const struct column *order)
{
	page__printf(page, PAINT_TITLE, "%s: %zu", heading, rows->count);
	table(top, page, VIEW_PROCESS, rows, order);
}

static void part_of_cgroup(struct top *top, struct page *page, const void *row)
{
	const struct options choice = { .cgroup = ((const struct snapshot_cgroup *)row)->path };
	struct rows rows;

	if (select_all(&rows, top, &choice, VIEW_PROCESS) == 0)
		processes(top, page, &rows, "Processes in it and below", NULL);
	select__free(&rows);
}

static void part_of_container(struct top *top, struct page *page, const void *row)
{
	const struct options everything = { 0 };
	struct rows rows;
	size_t kept = 0;

	if (select_all(&rows, top, &everything, VIEW_PROCESS) == 0) {
		for (size_t i = 0; i < rows.count; i++) {
			const struct snapshot_process *process = rows.row[i];

			if (select__is_in_row(process, row))
				rows.row[kept++] = process;
		}
		rows.count = kept;
		processes(top, page, &rows, "Processes in it", NULL);
	}
	select__free(&rows);
}

/* Whose part of the machine's memory it is, where processes have such a figure. */
static void part_of_system(struct top *top, struct page *page, const void *row)
{
	const char *name = ((const struct system_part *)row)->name;
	const struct column *column = columns__find(VIEW_PROCESS, name);
	const struct options choice = { .sort = name };
	struct rows rows;

	if (!column || column->kind != COLUMN_BYTES) {
		page__text(page, PAINT_PLAIN, "The kernel does not count this by process.");
		return;
	}
	if (select_all(&rows, top, &choice, VIEW_PROCESS) == 0)
		processes(top, page, &rows, "Processes, the largest share first", column);
	select__free(&rows);
}

typedef void part(struct top *top, struct page *page, const void *row);

static part *const parts[TOP_VIEWS] = {
	[VIEW_SYSTEM] = part_of_system, [VIEW_PROCESS] = part_of_process, [VIEW_CONTAINER] = part_of_container,
	[VIEW_CGROUP] = part_of_cgroup, [VIEW_MOUNT] = part_of_mount,     [VIEW_FILE] = part_of_file,
};

static void write_page(struct top *top, struct page *page, const void *row)
{
	const struct columns *columns = columns__of(top->state.view);

	names(page, columns, row);
	figures(page, columns, row);
	page__text(page, PAINT_PLAIN, "");
	parts[top->state.view](top, page, row);
}

void top_details__draw(struct top *top, int at, int lines)
{
	enum view view = top->state.view;
	size_t index = top_table__find(view, &top->rows, top->state.detail_of);
	struct page page;
	bool beyond = false;

	if (index == top->rows.count) {
		page = page__begin(&top->state.details, at, lines);
		page__text(&page, PAINT_NEAR, "It is gone: this reading does not have it any more.");
		page__end(&page, &top->state.details);
		return;
	}
	do {
		page = page__begin(&top->state.details, at, lines);
		write_page(top, &page, top->rows.row[index]);
		beyond = page__end(&page, &top->state.details);
	} while (beyond);
}
