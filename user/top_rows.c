// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which rows the table of `top` has, in which order, and which one the cursor is on.
 * A row must be known again in the next reading, wherever its figures move it.
 */
#include "top_table.h"

#include <string.h>

/* FNV-1a, 64 bits: a row is looked for by it only among the rows on one screen. */
static uint64_t hash(const char *text)
{
	uint64_t value = 0xcbf29ce484222325u;

	for (; text && *text; text++)
		value = (value ^ (unsigned char)*text) * 0x100000001b3u;
	return value;
}

static uint64_t device(uint32_t major, uint32_t minor)
{
	return (uint64_t)major << 32 | minor;
}

static struct row_id file_id(const struct snapshot_file *f)
{
	bool many = f->other || (is_known(f->count) && f->count > 1);

	if (many) /* it has no inode of its own */
		return (struct row_id){ hash(f->path), device(f->major, f->minor), 1 + f->other };
	return (struct row_id){ f->ino, device(f->major, f->minor), 0 };
}

static struct row_id container_id(const struct container_row *c)
{
	const char *place = c->in ? c->in->cgroup : NULL, *id = c->in ? c->in->id : NULL;

	return (struct row_id){ hash(place ? place : c->container), hash(id), 1 + (c->container != NULL) };
}

struct row_id top_table__id(enum view view, const void *row)
{
	const struct snapshot_process *process = row;
	const struct snapshot_cgroup *cgroup = row;
	const struct snapshot_mount *mount = row;
	const struct container_row *container = row;
	const struct system_part *part = row;

	switch (view) {
	case VIEW_PROCESS:
		return (struct row_id){ process->pid, process->start_ns, 1 };
	case VIEW_CGROUP:
		return (struct row_id){ cgroup->id, hash(cgroup->path), 1 };
	case VIEW_MOUNT:
		return (struct row_id){ device(mount->major, mount->minor), mount->namespace_id, hash(mount->path) };
	case VIEW_CONTAINER:
		return container_id(container);
	case VIEW_SYSTEM:
		return (struct row_id){ hash(part->name), 1, 1 };
	case VIEW_FILE:
	case VIEW_ALL:
		break;
	}
	return file_id(row);
}

size_t top_table__find(enum view view, const struct rows *rows, struct row_id id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (row_id__equal(top_table__id(view, rows->row[i]), id))
			return i;
	return rows->count;
}

/* Any name of the row (also one that has no column here) or its number has the text in it. */
static bool has_text(const struct columns *columns, const void *row, const char *wanted)
{
	char text[COLUMN_TEXT_MAX];

	for (size_t i = 0; i < columns->count; i++) {
		const struct column *column = &columns->columns[i];

		if (column->kind != COLUMN_STRING && !(column->kind == COLUMN_ID && column->title))
			continue;
		column__text(column, row, text, sizeof(text));
		if (strcasestr(text, wanted))
			return true;
	}
	return false;
}

static void filter(struct rows *rows, const struct columns *columns, const char *wanted)
{
	size_t kept = 0;

	if (!wanted[0])
		return;
	for (size_t i = 0; i < rows->count; i++)
		if (has_text(columns, rows->row[i], wanted))
			rows->row[kept++] = rows->row[i];
	rows->count = rows->matched = kept;
}

/* What is not known stays at the end: nobody looks for it. */
static void reverse(struct rows *rows, const struct column *column)
{
	size_t known = 0;

	while (known < rows->count && (!column || column__value(column, rows->row[known]).known))
		known++;
	for (size_t i = 0; i < known / 2; i++) {
		const void *row = rows->row[i];

		rows->row[i] = rows->row[known - 1 - i];
		rows->row[known - 1 - i] = row;
	}
}

static void place_cursor(struct top_list *list, enum view view, const struct rows *rows)
{
	static const struct row_id none;
	size_t at = rows->count;

	list->count = rows->count;
	if (!rows->count) {
		list->cursor = 0;
		list->selected = none;
		return;
	}
	if (list->follows && !row_id__equal(list->selected, none))
		at = top_table__find(view, rows, list->selected);
	if (at < rows->count)
		list->cursor = at;
	else if (list->cursor >= rows->count)
		list->cursor = rows->count - 1;
	list->selected = top_table__id(view, rows->row[list->cursor]);
}

int top_table__select(const struct top_table *table, const struct snapshot *snapshot, const struct options *options,
		      struct top_state *state, struct rows *rows)
{
	struct top_view *view = top_state__view(state);
	const struct column *column = view->sort < table->count ? table->columns[view->sort] : table->own_order;
	int error = select__rows(rows, snapshot, options, state->view);

	if (error)
		return error;
	filter(rows, columns__of(state->view), state->filter);
	if (column)
		select__sort(rows, column);
	if (view->reverse)
		reverse(rows, column);
	if (options->limit_given && state->mode != TOP_DETAILS) /* which may be of a row that falls back */
		select__cut(rows, options->limit);
	place_cursor(&view->list, state->view, rows);
	return 0;
}
