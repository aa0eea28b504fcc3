// SPDX-License-Identifier: GPL-2.0-only
/*
 * tmpfs files that count in a cgroup where nobody of theirs is: in one that is removed,
 * whose parents go on paying, or in one to which neither an owner nor a holder belongs.
 */
#include "explain_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "units.h"

#define CGROUPS_TOLD 16 /* those with most */
#define WORTH_BYTES (1ULL << 20)

struct charged {
	uint64_t id;
	const char *path; /* NULL: removed */
	const struct snapshot_file *example;
	uint64_t bytes, files;
};

static const struct snapshot_process *process_of(const struct snapshot *s, uint32_t pid)
{
	size_t low = 0, high = s->process_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->processes[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	/* of those that had this pid the last one */
	while (low + 1 < s->process_count && s->processes[low + 1].pid == pid)
		low++;
	return low < s->process_count && s->processes[low].pid == pid ? &s->processes[low] : NULL;
}

static bool is_in(const struct snapshot_process *p, const char *path)
{
	size_t length = strlen(path);

	if (length <= 1)
		return true; /* "/" */
	return strncmp(p->cgroup, path, length) == 0 && (p->cgroup[length] == '\0' || p->cgroup[length] == '/');
}

/* everyone of the file whose cgroup is known is elsewhere, and there is someone */
static bool is_foreign(const struct snapshot *s, const struct snapshot_file *file)
{
	size_t known = 0;

	for (size_t i = 0; i < file->owner_count + file->holder_count; i++) {
		uint32_t pid = i < file->owner_count ? file->owners[i].pid : file->holders[i - file->owner_count];
		const struct snapshot_process *p = process_of(s, pid);

		if (!p || !p->cgroup)
			continue;
		if (is_in(p, file->charged_path))
			return false;
		known++;
	}
	return known > 0;
}

static int by_charge(const void *a, const void *b)
{
	const struct snapshot_file *const *left = a, *const *right = b;

	if ((*left)->charged_id != (*right)->charged_id)
		return (*left)->charged_id < (*right)->charged_id ? -1 : 1;
	return (*left > *right) - (*left < *right);
}

static int by_bytes_falling(const void *a, const void *b)
{
	const struct charged *left = a, *right = b;

	if (left->bytes != right->bytes)
		return left->bytes > right->bytes ? -1 : 1;
	return (left->id > right->id) - (left->id < right->id);
}

/* one for each cgroup; all has room for as many as there are files, which are sorted by it */
static size_t add_up(const struct snapshot_file **files, size_t file_count, struct charged *all)
{
	size_t count = 0;

	for (size_t i = 0; i < file_count; i++) {
		const struct snapshot_file *file = files[i];
		struct charged *c;

		if (!count || all[count - 1].id != file->charged_id)
			all[count++] =
				(struct charged){ .id = file->charged_id, .path = file->charged_path, .example = file };
		c = &all[count - 1];
		c->bytes += file->bytes;
		c->files++;
		if (file->bytes > c->example->bytes)
			c->example = file;
	}
	return count;
}

static void add(struct explanation *e, const struct charged *c)
{
	struct finding *f = explain__add(e, c->path ? "tmpfs_of_foreign_cgroup" : "tmpfs_of_removed_cgroup",
					 c->path ? 25 : 42, c->path ? c->path : c->example->path);
	const char *largest = c->example->path ? c->example->path : "";
	char bytes[UNITS_MAX];

	if (!f)
		return;
	units__bytes(bytes, c->bytes);
	if (c->path) {
		snprintf(f->text, sizeof(f->text),
			 "%s of tmpfs in %" PRIu64 " files (the largest %.200s) count in cgroup %.400s, "
			 "where none of their owners and holders is",
			 bytes, c->files, largest, c->path);
		snprintf(f->advice, sizeof(f->advice),
			 "pages stay charged to the cgroup that brought them in: whoever uses these "
			 "files spends that cgroup's limit; remove them, or let their user write them anew");
	} else {
		snprintf(f->text, sizeof(f->text),
			 "%s of tmpfs in %" PRIu64 " files (the largest %.200s) were charged to a cgroup "
			 "that is removed",
			 bytes, c->files, largest);
		snprintf(f->advice, sizeof(f->advice),
			 "they outlived the service or container that made them, and go on counting "
			 "in the cgroups above it: remove them");
	}
	explain__figure(f, "bytes", (double)c->bytes);
	explain__figure(f, "files", (double)c->files);
}

void explain__charged(struct explanation *e)
{
	const struct snapshot *s = e->snapshot;
	const struct snapshot_file **files = calloc(s->file_count + 1, sizeof(*files));
	struct charged *all = calloc(s->file_count + 1, sizeof(*all));
	size_t file_count = 0, count = 0;

	for (size_t i = 0; files && s->cgroup_count && i < s->file_count; i++) {
		const struct snapshot_file *file = &s->files[i];

		if (file->gone || file->other || file->kind == FILE_KIND_FILE || !file->charged_id)
			continue;
		if (!file->charged_path || is_foreign(s, file))
			files[file_count++] = file;
	}
	if (files && all) {
		qsort(files, file_count, sizeof(struct snapshot_file *), by_charge);
		count = add_up(files, file_count, all);
		qsort(all, count, sizeof(*all), by_bytes_falling);
	}
	for (size_t i = 0; i < count && all[i].bytes >= WORTH_BYTES; i++) {
		if (i < CGROUPS_TOLD)
			add(e, &all[i]);
		else
			e->left_out++;
	}
	free(all);
	free(files);
}
