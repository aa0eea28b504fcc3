// SPDX-License-Identifier: GPL-2.0-only
/*
 * tmpfs files that count in a cgroup where nobody of theirs is: in one that is removed,
 * whose parents go on paying, or in one to which neither an owner nor a holder belongs.
 */
#include "explain_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "units.h"

#define CGROUPS 16
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

static void note(struct charged *all, size_t *count, const struct snapshot_file *file)
{
	size_t i = 0;

	while (i < *count && all[i].id != file->charged_id)
		i++;
	if (i == CGROUPS)
		return;
	if (i == *count)
		all[(*count)++] =
			(struct charged){ .id = file->charged_id, .path = file->charged_path, .example = file };
	all[i].bytes += file->bytes;
	all[i].files++;
	if (file->bytes > all[i].example->bytes)
		all[i].example = file;
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
	struct charged all[CGROUPS];
	size_t count = 0;

	for (size_t i = 0; s->cgroup_count && i < s->file_count; i++) {
		const struct snapshot_file *file = &s->files[i];

		if (file->gone || file->other || file->kind == FILE_KIND_FILE || !file->charged_id)
			continue;
		if (!file->charged_path || is_foreign(s, file))
			note(all, &count, file);
	}
	for (size_t i = 0; i < count; i++) {
		if (all[i].bytes >= WORTH_BYTES)
			add(e, &all[i]);
	}
}
