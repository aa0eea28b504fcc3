// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rows filtered, sorted and cut. It must never change a row, and never drop one that it is not
 * sure about for a reason the user did not give.
 */
#include "select.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define CGROUP_MOUNT "/sys/fs/cgroup"
#define SHORT_ID 12 /* how many digits of a container's id are shown */

struct filter {
	const struct options *options;
	const struct snapshot *snapshot;
	bool active;
	const struct snapshot_process **process; /* that fit, by pid and start */
	size_t count;
	const struct snapshot_mount **mount; /* of the container that is asked for alone */
	size_t mount_count;
};

bool select__in_cgroup(const char *path, const char *cgroup)
{
	size_t len;

	if (!path)
		return false;
	if (strncmp(cgroup, CGROUP_MOUNT, strlen(CGROUP_MOUNT)) == 0)
		cgroup += strlen(CGROUP_MOUNT);
	cgroup += strspn(cgroup, "/");
	path += strspn(path, "/");
	for (len = strlen(cgroup); len && cgroup[len - 1] == '/';)
		len--;
	return len == 0 || (strncmp(path, cgroup, len) == 0 && (path[len] == '\0' || path[len] == '/'));
}

static bool is_id(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdef");

	return digits >= SHORT_ID && text[digits] == '\0';
}

bool select__is_container(const char *shown, const char *wanted)
{
	size_t digits;

	if (!shown)
		return false;
	if (strcmp(shown, wanted) == 0)
		return true;
	digits = strspn(wanted, "0123456789abcdef");
	if (!is_id(shown) || digits == 0 || wanted[digits])
		return false;
	return strncmp(shown, wanted, digits < strlen(shown) ? digits : strlen(shown)) == 0;
}

static bool begins_path(const char *text, const char *beginning)
{
	size_t len = strlen(beginning);

	return strncmp(text, beginning, len) == 0 && text[len] == '/';
}

static bool is_text(const char *text, const char *wanted)
{
	return text && strcmp(text, wanted) == 0;
}

bool select__in_container(const struct snapshot_container *in, const char *shown, const char *wanted)
{
	if (select__is_container(shown, wanted))
		return true;
	if (!in)
		return false;
	return is_text(in->name, wanted) || is_text(in->pod, wanted) || begins_path(in->shown, wanted) ||
	       (in->id && is_id(in->id) && select__is_container(in->id, wanted));
}

static bool fits(const struct options *o, uint32_t pid, const char *comm, const char *cgroup, const char *container,
		 const struct snapshot_container *in)
{
	if (o->pid && pid != o->pid)
		return false;
	if (o->comm && (!comm || fnmatch(o->comm, comm, 0) != 0))
		return false;
	if (o->cgroup && !select__in_cgroup(cgroup, o->cgroup))
		return false;
	return !o->container || select__in_container(in, container, o->container);
}

static int by_identity(const void *a, const void *b)
{
	const struct snapshot_process *x = *(const struct snapshot_process *const *)a;
	const struct snapshot_process *y = *(const struct snapshot_process *const *)b;

	if (x->pid != y->pid)
		return (x->pid > y->pid) - (x->pid < y->pid);
	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static int find_mounts(struct filter *f)
{
	const struct options *o = f->options;

	if (!o->container || o->pid || o->comm || o->cgroup || !f->snapshot->mount_count)
		return 0;
	f->mount = calloc(f->snapshot->mount_count, sizeof(*f->mount));
	if (!f->mount)
		return -ENOMEM;
	for (size_t i = 0; i < f->snapshot->mount_count; i++) {
		const struct snapshot_mount *m = &f->snapshot->mounts[i];

		if (select__in_container(m->in, m->container, o->container))
			f->mount[f->mount_count++] = m;
	}
	return 0;
}

static int filter_init(struct filter *f, const struct snapshot *snapshot, const struct options *o)
{
	*f = (struct filter){ .options = o, .snapshot = snapshot };
	f->active = o->pid || o->comm || o->cgroup || o->container;
	if (find_mounts(f))
		return -ENOMEM;
	if (!f->active || snapshot->process_count == 0)
		return 0;
	f->process = calloc(snapshot->process_count, sizeof(*f->process));
	if (!f->process)
		return -ENOMEM;
	for (size_t i = 0; i < snapshot->process_count; i++) {
		const struct snapshot_process *p = &snapshot->processes[i];

		if (fits(o, p->pid, p->comm, p->cgroup, p->container, p->in))
			f->process[f->count++] = p;
	}
	qsort(f->process, f->count, sizeof(*f->process), by_identity);
	return 0;
}

/* start_ns ABSENT: any process of that pid that is alive */
static bool has_process(const struct filter *f, uint32_t pid, uint64_t start_ns)
{
	size_t low = 0, high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->process[middle]->pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < f->count && f->process[low]->pid == pid; low++)
		if (is_known(start_ns) ? f->process[low]->start_ns == start_ns : !f->process[low]->exited)
			return true;
	return false;
}

static bool is_on_its_mount(const struct filter *f, uint32_t major, uint32_t minor)
{
	for (size_t i = 0; i < f->mount_count; i++)
		if (f->mount[i]->major == major && f->mount[i]->minor == minor)
			return true;
	return false;
}

static bool takes_file(const struct filter *f, const struct snapshot_file *file)
{
	const struct options *o = f->options;

	if (is_on_its_mount(f, file->major, file->minor))
		return true;
	for (size_t i = 0; i < file->owner_count; i++) {
		const struct snapshot_owner *owner = &file->owners[i];

		if (has_process(f, owner->pid, owner->start_ns))
			return true;
		/* one that the table of processes no longer has */
		if (!o->cgroup && !o->container && fits(o, owner->pid, owner->comm, NULL, NULL, NULL))
			return true;
	}
	for (size_t i = 0; i < file->holder_count; i++)
		if (has_process(f, file->holders[i], ABSENT))
			return true;
	return false;
}

static bool takes_mount(const struct filter *f, const struct snapshot_mount *mount)
{
	if (is_on_its_mount(f, mount->major, mount->minor))
		return true;
	for (size_t i = 0; i < f->snapshot->file_count; i++) {
		const struct snapshot_file *file = &f->snapshot->files[i];

		if (file->major == mount->major && file->minor == mount->minor && !file->other && takes_file(f, file))
			return true;
	}
	return false;
}

static bool takes_cgroup(const struct filter *f, const struct snapshot_cgroup *cgroup)
{
	const struct options *o = f->options;

	if (o->cgroup && !select__in_cgroup(cgroup->path, o->cgroup))
		return false;
	if (o->container && !select__in_container(cgroup->in, cgroup->container, o->container))
		return false;
	if (!o->pid && !o->comm)
		return true;
	for (size_t i = 0; i < f->count; i++)
		if (f->process[i]->cgroup && strcmp(f->process[i]->cgroup, cgroup->path) == 0)
			return true;
	return false;
}

static bool takes(const struct filter *f, enum view view, const void *row)
{
	const struct snapshot_process *p = row;

	if (!f->active)
		return true;
	switch (view) {
	case VIEW_PROCESS:
		return fits(f->options, p->pid, p->comm, p->cgroup, p->container, p->in);
	case VIEW_CGROUP:
		return takes_cgroup(f, row);
	case VIEW_MOUNT:
		return takes_mount(f, row);
	case VIEW_FILE:
		return takes_file(f, row);
	case VIEW_ALL:
	case VIEW_SYSTEM:
	case VIEW_CONTAINER:
		break;
	}
	return true;
}

struct table_of { /* an array in the snapshot */
	const void *first;
	size_t count, size;
};

static struct table_of table_of(const struct snapshot *s, enum view view)
{
	switch (view) {
	case VIEW_PROCESS:
	case VIEW_CONTAINER:
		return (struct table_of){ s->processes, s->process_count, sizeof(*s->processes) };
	case VIEW_CGROUP:
		return (struct table_of){ s->cgroups, s->cgroup_count, sizeof(*s->cgroups) };
	case VIEW_MOUNT:
		return (struct table_of){ s->mounts, s->mount_count, sizeof(*s->mounts) };
	case VIEW_FILE:
		return (struct table_of){ s->files, s->file_count, sizeof(*s->files) };
	case VIEW_SYSTEM:
		return (struct table_of){ s->system.parts, s->system.part_count, sizeof(*s->system.parts) };
	case VIEW_ALL:
		break;
	}
	return (struct table_of){ 0 };
}

int select__rows(struct rows *rows, const struct snapshot *snapshot, const struct options *options, enum view view)
{
	struct table_of table = table_of(snapshot, view);
	struct filter filter;
	int err;

	*rows = (struct rows){ 0 };
	err = filter_init(&filter, snapshot, options);
	if (err)
		goto out;
	rows->row = calloc(table.count ? table.count : 1, sizeof(*rows->row));
	if (!rows->row) {
		err = -ENOMEM;
		goto out;
	}
	for (size_t i = 0; i < table.count; i++) {
		const void *row = (const char *)table.first + i * table.size;

		if (takes(&filter, view == VIEW_CONTAINER ? VIEW_PROCESS : view, row))
			rows->row[rows->count++] = row;
	}
	rows->matched = rows->count;
	if (view == VIEW_CONTAINER)
		err = select__containers(rows, snapshot);
out:
	free(filter.process);
	free(filter.mount);
	return err;
}

static int by_column(const void *a, const void *b, void *column)
{
	const void *x = *(const void *const *)a, *y = *(const void *const *)b;
	int order = column__compare(column, x, y);

	return order ? order : ((const char *)x > (const char *)y) - ((const char *)x < (const char *)y);
}

void select__sort(struct rows *rows, const struct column *column)
{
	if (column && rows->count > 1)
		qsort_r(rows->row, rows->count, sizeof(*rows->row), by_column, (void *)(uintptr_t)column);
}

void select__cut(struct rows *rows, uint64_t limit)
{
	if (limit && rows->count > limit)
		rows->count = (size_t)limit;
}

void select__free(struct rows *rows)
{
	free(rows->row);
	free(rows->made);
	*rows = (struct rows){ 0 };
}

int select__view(struct rows *rows, const struct snapshot *snapshot, const struct options *options, enum view view,
		 uint64_t limit)
{
	const struct column *order = options->sort ? columns__find(view, options->sort) : NULL;
	int err = select__rows(rows, snapshot, options, view);

	if (err)
		return err;
	select__sort(rows, order ? order : columns__of(view)->order);
	select__cut(rows, limit);
	return 0;
}

bool select__event(const struct event *event, const struct options *options)
{
	if (event->type == EVENT_LOST)
		return true;
	if (options->events_given && !(options->events & 1u << event->type))
		return false;
	/* a limit that comes near is everyone's */
	return event->type == EVENT_MARK || event->type == EVENT_WARNING ||
	       fits(options, event->pid, event->comm, event->cgroup, event->container, event->in);
}
