// SPDX-License-Identifier: GPL-2.0-only
#include "page_history.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page_rows.h"

#define SECOND_NS 1000000000ULL
#define WINDOW_NS (PAGE_HISTORY_SECONDS * SECOND_NS)
#define ENOUGH_NS (WINDOW_NS / 100 * 98) /* readings are never quite in time */

static const struct {
	size_t first, count;
} places[PAGE_LINE_KINDS] = {
	[PAGE_LINE_PART] = { 0, 24 },
	[PAGE_LINE_MOUNT] = { 24, 16 },
	[PAGE_LINE_CGROUP] = { 40, 16 },
};
#define LINES 56

const char *const page_line_kind_names[] = { "part", "tmpfs", "cgroup" };

struct page_history {
	uint64_t step_ns, lines_made;
	size_t count;
	uint64_t boot_ns[PAGE_HISTORY_POINTS];
	struct page_line lines[LINES];
};

/* what a line is made of, at one point */
struct value {
	enum page_line_kind kind;
	uint64_t key;
	const char *name, *container;
	int64_t used, limit;
};

int page_history__open(struct page_history **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->step_ns = SECOND_NS;
	return 0;
}

void page_history__close(struct page_history *history)
{
	free(history);
}

static int64_t figure(uint64_t bytes)
{
	return bytes <= INT64_MAX ? (int64_t)bytes : PAGE_HISTORY_NONE;
}

/* ---- points that go ---- */

static void drop_oldest(struct page_history *history, size_t n)
{
	size_t left = history->count - n;

	memmove(history->boot_ns, history->boot_ns + n, left * sizeof(history->boot_ns[0]));
	for (size_t i = 0; i < LINES; i++) {
		struct page_line *line = &history->lines[i];

		memmove(line->used, line->used + n, left * sizeof(line->used[0]));
		memmove(line->limit, line->limit + n, left * sizeof(line->limit[0]));
	}
	history->count = left;
}

static void thin(struct page_history *history)
{
	size_t kept = 0;

	for (size_t from = (history->count + 1) % 2; from < history->count; from += 2, kept++) {
		history->boot_ns[kept] = history->boot_ns[from];
		for (size_t i = 0; i < LINES; i++) {
			history->lines[i].used[kept] = history->lines[i].used[from];
			history->lines[i].limit[kept] = history->lines[i].limit[from];
		}
	}
	history->count = kept;
	history->step_ns *= 2;
}

static void make_room(struct page_history *history, uint64_t now_ns)
{
	size_t old = 0;

	while (old < history->count && history->boot_ns[old] + WINDOW_NS < now_ns)
		old++;
	if (old)
		drop_oldest(history, old);
	if (history->count < PAGE_HISTORY_POINTS)
		return;
	if (now_ns - history->boot_ns[0] < ENOUGH_NS)
		thin(history);
	else
		drop_oldest(history, 1);
}

/* ---- lines ---- */

static struct page_line *find(struct page_history *history, const struct value *value)
{
	for (size_t i = 0; i < places[value->kind].count; i++) {
		struct page_line *line = &history->lines[places[value->kind].first + i];

		if (line->name[0] && line->key == value->key && strcmp(line->name, value->name) == 0 &&
		    strcmp(line->container, value->container) == 0)
			return line;
	}
	return NULL;
}

/* how much a line is worth keeping: what it has now, else what it had, and before all that */
static bool is_less(const struct page_line *a, const struct page_line *b, size_t count)
{
	for (size_t at = count; at-- > 0;) {
		bool has_a = a->used[at] != PAGE_HISTORY_NONE, has_b = b->used[at] != PAGE_HISTORY_NONE;

		if (has_a != has_b)
			return has_b;
		if (has_a)
			return a->used[at] < b->used[at];
	}
	return false;
}

/* a free line, or that of the least if it is gone or smaller than this one */
static struct page_line *choose(struct page_history *history, const struct value *value)
{
	struct page_line *least = NULL;
	size_t at = history->count;

	for (size_t i = 0; i < places[value->kind].count; i++) {
		struct page_line *line = &history->lines[places[value->kind].first + i];

		if (!line->name[0])
			return line;
		if (!least || is_less(line, least, at + 1))
			least = line;
	}
	return least && least->used[at] < value->used ? least : NULL;
}

static struct page_line *make(struct page_history *history, const struct value *value)
{
	struct page_line *line = choose(history, value);

	if (!line)
		return NULL;
	line->kind = value->kind;
	line->id = ++history->lines_made;
	line->key = value->key;
	strcpy(line->name, value->name);
	strcpy(line->container, value->container);
	for (size_t i = 0; i < history->count; i++)
		line->used[i] = line->limit[i] = PAGE_HISTORY_NONE;
	return line;
}

/* those that have a line come first: none of them is driven out by what is smaller */
static void take(struct page_history *history, struct value value, bool is_new)
{
	char name[PAGE_HISTORY_NAME], container[PAGE_HISTORY_NAME];
	size_t at = history->count;
	struct page_line *line;

	snprintf(name, sizeof(name), "%s", value.name);
	snprintf(container, sizeof(container), "%s", value.container ? value.container : "");
	value.name = name;
	value.container = container;
	line = find(history, &value);
	if (!line && is_new && name[0])
		line = make(history, &value);
	if (!line)
		return;
	line->used[at] = value.used;
	line->limit[at] = value.limit;
}

/* one superblock is seen in many mount namespaces */
static bool is_taken(const struct page_history *history, uint64_t device)
{
	for (size_t i = 0; i < places[PAGE_LINE_MOUNT].count; i++) {
		const struct page_line *line = &history->lines[places[PAGE_LINE_MOUNT].first + i];

		if (line->name[0] && line->key == device && line->used[history->count] != PAGE_HISTORY_NONE)
			return true;
	}
	return false;
}

static void take_mounts(struct page_history *history, const struct snapshot *snapshot, bool root_namespace, bool is_new)
{
	for (size_t i = 0; i < snapshot->mount_count; i++) {
		const struct snapshot_mount *mount = &snapshot->mounts[i];
		uint64_t device = page_rows__device(mount);

		if (mount->internal || mount->root_namespace != root_namespace || !is_known(mount->used_bytes) ||
		    is_taken(history, device))
			continue;
		take(history,
		     (struct value){ PAGE_LINE_MOUNT, device, mount->path, page_rows__place(mount),
				     figure(mount->used_bytes), figure(mount->limit_bytes) },
		     is_new);
	}
}

static void take_all(struct page_history *history, const struct snapshot *snapshot, bool is_new)
{
	for (size_t i = 0; i < snapshot->system.part_count; i++) {
		const struct system_part *part = &snapshot->system.parts[i];

		take(history, (struct value){ PAGE_LINE_PART, 0, part->name, NULL, part->bytes, PAGE_HISTORY_NONE },
		     is_new);
	}
	take_mounts(history, snapshot, true, is_new);
	take_mounts(history, snapshot, false, is_new);
	for (size_t i = 0; i < snapshot->cgroup_count; i++) {
		const struct snapshot_cgroup *cgroup = &snapshot->cgroups[i];
		const char *name = page_rows__group(cgroup);

		if (name && is_known(cgroup->usage_bytes))
			take(history,
			     (struct value){ PAGE_LINE_CGROUP, cgroup->id, name, cgroup->container,
					     figure(cgroup->usage_bytes), figure(cgroup->limit_bytes) },
			     is_new);
	}
}

static bool has_points(const struct page_line *line, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (line->used[i] != PAGE_HISTORY_NONE)
			return true;
	return false;
}

void page_history__take(struct page_history *history, const struct snapshot *snapshot)
{
	size_t count = history->count;

	if (count && snapshot->boot_ns < history->boot_ns[count - 1] + history->step_ns - history->step_ns / 20)
		return;
	make_room(history, snapshot->boot_ns);
	for (size_t i = 0; i < LINES; i++)
		history->lines[i].used[history->count] = history->lines[i].limit[history->count] = PAGE_HISTORY_NONE;
	history->boot_ns[history->count] = snapshot->boot_ns;
	take_all(history, snapshot, false);
	take_all(history, snapshot, true);
	history->count++;
	for (size_t i = 0; i < LINES; i++)
		if (history->lines[i].name[0] && !has_points(&history->lines[i], history->count))
			history->lines[i].name[0] = '\0';
}

size_t page_history__count(const struct page_history *history)
{
	return history->count;
}

uint64_t page_history__boot_ns(const struct page_history *history, size_t point)
{
	return history->boot_ns[point];
}

const struct page_line *page_history__line(const struct page_history *history, size_t n)
{
	return n < LINES ? &history->lines[n] : NULL;
}
