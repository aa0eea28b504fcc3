// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files alike, as one row: of one folder, one size and one owner. A program that
 * writes the same array eighty times shows as that, and not as eighty rows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run_private.h"

static size_t folder_length(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash ? (size_t)(slash - path) : 0;
}

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static uint32_t owner_of(const struct snapshot_file *file)
{
	return file->owner_count ? file->owners[0].pid : 0;
}

static int by_folder(const struct snapshot_file *a, const struct snapshot_file *b)
{
	size_t left = folder_length(a->path), right = folder_length(b->path);
	size_t least = left < right ? left : right;
	int order = compare_u64(a->major, b->major);

	if (!order)
		order = compare_u64(a->minor, b->minor);
	if (!order)
		order = compare_u64(a->count != 1, b->count != 1);
	if (!order && least)
		order = memcmp(a->path, b->path, least);
	return order ? order : compare_u64(left, right);
}

static int by_likeness(const void *left, const void *right)
{
	const struct snapshot_file *a = left, *b = right;
	int order = by_folder(a, b);

	if (!order)
		order = compare_u64(a->peak_bytes, b->peak_bytes);
	if (!order)
		order = compare_u64(owner_of(a), owner_of(b));
	return order;
}

/* the folder's name, kept until run_select__free */
static const char *keep_name(struct run_names *names, const char *path, size_t length)
{
	char **grown = realloc(names->text, (names->count + 1) * sizeof(*grown));

	if (!grown)
		return NULL;
	names->text = grown;
	names->text[names->count] = strndup(path, length);
	return names->text[names->count] ? names->text[names->count++] : NULL;
}

static int merge(struct snapshot_file *row, const struct snapshot_file *files, size_t count, struct run_names *names)
{
	const char *folder = keep_name(names, files[0].path, folder_length(files[0].path));

	if (!folder)
		return -ENOMEM;
	*row = files[0];
	for (size_t i = 1; i < count; i++) {
		row->bytes += files[i].bytes;
		row->peak_bytes += files[i].peak_bytes;
		row->added_bytes += files[i].added_bytes;
		row->removed_bytes += files[i].removed_bytes;
		row->deleted &= files[i].deleted;
		row->gone &= files[i].gone;
		row->shared |= files[i].shared;
	}
	row->path = folder;
	row->ino = 0;
	row->count = count;
	row->bytes_each = files[0].peak_bytes;
	row->size_bytes = ABSENT;
	row->holders = NULL;
	row->holder_count = 0;
	return 0;
}

/* [i, end) is one folder, one size, one owner when alike; only one folder otherwise */
static size_t end_of(const struct snapshot_file *files, size_t i, size_t count, bool alike)
{
	size_t end = i + 1;

	while (end < count && (alike ? by_likeness(&files[i], &files[end]) : by_folder(&files[i], &files[end])) == 0)
		end++;
	return end;
}

int run_group(struct snapshot *snapshot, size_t least_alike, size_t least_in_folder, struct run_names *names)
{
	struct snapshot_file *files = (struct snapshot_file *)snapshot->files;
	size_t count = snapshot->file_count, kept = 0;
	struct snapshot_file *out;

	if (!count)
		return 0;
	out = calloc(count, sizeof(*out));
	if (!out)
		return -ENOMEM;
	qsort(files, count, sizeof(*files), by_likeness);
	for (size_t i = 0, folder_end = 0, alike; i < count; i = alike) {
		size_t folder_start = i;

		if (i >= folder_end)
			folder_end = end_of(files, i, count, false);
		alike = end_of(files, i, count, true);
		if (files[i].count == 1 && folder_length(files[i].path) && alike - i >= least_alike &&
		    folder_end - folder_start >= least_in_folder) {
			if (merge(&out[kept++], &files[i], alike - i, names)) {
				free(out);
				return -ENOMEM;
			}
			continue;
		}
		memcpy(&out[kept], &files[i], (alike - i) * sizeof(*out));
		kept += alike - i;
	}
	free(files);
	snapshot->files = out;
	snapshot->file_count = kept;
	return 0;
}
