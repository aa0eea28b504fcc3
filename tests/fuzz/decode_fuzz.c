// SPDX-License-Identifier: GPL-2.0-only
// needs: model* decode proc parse file mounts mountview overlay cgroup container sysmem names
/*
 * Whatever comes from the kernel's ring, a recording or /proc, as bytes that a fuzzer chose: the
 * first byte says which of the readers gets the rest. Nothing may be read beyond it, and what is
 * accepted is fed on: a record to the model, a path to the look-ups.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "container.h"
#include "decode.h"
#include "model.h"
#include "mounts.h"
#include "proc.h"
#include "sysmem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct model_settings settings = {
	.host = "",
	.kernel = "",
	.tier = "",
	.page_bytes = 4096,
	.keep_gone = true,
	.page_events = true,
};

/* in memory of exactly its size, aligned as the ring is */
static void *copy_of(const uint8_t *data, size_t size)
{
	void *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* records, each behind its length in two bytes; then one reading without anything */
static void records(const uint8_t *data, size_t size)
{
	struct reading reading = { .boot_ns = 1, .tracing = true };
	struct decode_stats stats = { 0 };
	struct model *model;

	if (model__open(&model, &settings, NULL, NULL))
		abort();
	while (size > 2) {
		size_t length = (size_t)(data[0] | data[1] << 8) % 1500;
		const struct record *record;
		void *copy;

		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		copy = copy_of(data, length);
		record = decode(copy, length, &stats);
		if (record && model__record(model, record))
			abort(); /* an odd record must not look like a lack of memory */
		free(copy);
		data += length;
		size -= length;
	}
	if (!model__update(model, &reading))
		abort();
	model__close(model);
}

/* `out` is filled as far as there are bytes */
static void take(const uint8_t **data, size_t *size, void *out, size_t length)
{
	size_t part = *size < length ? *size : length;

	if (part)
		memcpy(out, *data, part);
	*data += part;
	*size -= part;
}

/*
 * Readings of the same few files, further owners and processes, with counters that may be anything: as races and
 * overflows leave them.
 */
static void counters(const uint8_t *data, size_t size)
{
	enum { FILES = 3, PAIRS = 4, OWNERS = 3 };
	struct file_slot files[1 + FILES] = { 0 };
	struct pair_row pairs[PAIRS] = { 0 };
	struct owner_slot owners[OWNER_FIRST + OWNERS] = { 0 };
	struct reading reading = {
		.tracing = true,
		.files = files,
		.file_slots = 1 + FILES,
		.pairs = pairs,
		.pair_count = PAIRS,
		.owners = owners,
		.owner_slots = OWNER_FIRST + OWNERS,
	};
	struct model *model;

	if (model__open(&model, &settings, NULL, NULL))
		abort();
	for (uint32_t i = OWNER_FIRST; i < OWNER_FIRST + OWNERS; i++)
		owners[i] = (struct owner_slot){ .start_ns = i, .pid = i };
	do {
		reading.boot_ns++;
		for (size_t i = 1; i <= FILES; i++) {
			take(&data, &size, &files[i], sizeof(files[i]));
			files[i].mapping = i;
			files[i].birth_ns = 1;
		}
		for (size_t i = 0; i < PAIRS; i++) {
			take(&data, &size, &pairs[i], sizeof(pairs[i]));
			pairs[i].key.file = 1 + pairs[i].key.file % FILES;
			pairs[i].key.owner = OWNER_FIRST + pairs[i].key.owner % OWNERS;
			pairs[i].key.birth_ns = 1;
		}
		if (!model__update(model, &reading))
			abort();
	} while (size && reading.boot_ns < 5);
	model__close(model);
}

static void path(const uint8_t *data, size_t size)
{
	char out[256];
	int length = decode__path((const char *)data, size, size % 4, out, sizeof(out));

	if (length >= 0 && strlen(out) > (size_t)length)
		abort();
}

static void proc(const uint8_t *data, size_t size)
{
	static struct proc_cgroup cgroup;
	struct proc_status status;
	struct proc_stat stat;
	char cmdline[64];

	proc__parse_stat((const char *)data, size, &stat);
	proc__parse_status((const char *)data, size, &status);
	proc__parse_cgroup((const char *)data, size, &cgroup);
	if (proc__parse_cmdline((const char *)data, size, cmdline, sizeof(cmdline)) >= sizeof(cmdline))
		abort();
}

static int look(void *context, pid_t pid, const char *path, struct stat *status)
{
	(void)context;
	(void)pid;
	*status = (struct stat){ .st_ino = strlen(path) % 2 };
	return path[0] == '/' ? 0 : -ENOENT;
}

static void mount_table(const uint8_t *data, size_t size)
{
	struct mount_ns space = { .id = 1, .pid = 1 };
	struct mount_view view = { .spaces = &space, .count = 1, .has_root = true };
	struct overlay_index overlays = { 0 };
	struct tmpfs_mount *tmpfs = NULL;
	static struct mount_path found, over;
	static struct cgroup_where where;
	size_t count = 0;

	if (mounts__parse((const char *)data, size, &space.table))
		abort();
	if (mounts__tmpfs(&view, &tmpfs, &count) || overlay__index(&view, NULL, NULL, &overlays))
		abort();
	overlays.look = look;
	for (size_t i = 0; i < space.table.count; i++) {
		const struct mount_entry *entry = &space.table.entries[i];

		if (mounts__path(&view, entry->major, entry->minor, "/a/b", &found) == 0)
			overlay__path(&view, &overlays, found.path, &over);
		mounts__path(&view, entry->major, entry->minor, entry->root, &found);
	}
	cgroup__find(&space.table, &where);
	overlay__free(&overlays);
	mounts__free(&space.table);
	free(tmpfs);
}

static void cgroup_files(const uint8_t *data, size_t size)
{
	struct cgroup_figures figures = { 0 };
	struct container_identity identity;
	char *text = malloc(size + 1);

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	cgroup__parse_stat(1, (const char *)data, size, &figures);
	cgroup__parse_stat(2, (const char *)data, size, &figures);
	cgroup__parse_limit((const char *)data, size);
	cgroup__parse_value((const char *)data, size);
	cgroup__has_memory((const char *)data, size);
	container__identify(text, &identity);
	if (strnlen(identity.name, sizeof(identity.name)) == sizeof(identity.name))
		abort();
	free(text);
}

/* the parts and what exceeds them add up */
static void meminfo(const uint8_t *data, size_t size)
{
	struct sysmem system;
	uint64_t sum = 0;

	if (sysmem__parse((const char *)data, size, &system))
		return;
	for (size_t i = 0; i < SYSMEM_PARTS; i++)
		sum += system.parts[i].bytes;
	if (sum != system.total_bytes + system.excess_bytes)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const uint8_t *data, size_t size) = {
		records, path, proc, mount_table, cgroup_files, meminfo, counters,
	};
	uint8_t *copy;

	if (!size)
		return 0;
	/* exactly as long as it is: a read beyond the end shows */
	copy = copy_of(data + 1, size - 1);
	readers[data[0] % (sizeof(readers) / sizeof(readers[0]))](copy, size - 1);
	free(copy);
	return 0;
}
