// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which rows there are, and whose. A byte is in one row of a table only: a cgroup that is inside
 * another exported one, or inside a container, has none of its own. (A container within a container
 * has: its bytes are the outer one's, too.)
 */
#include "metrics_rows.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "unit.h"

#define INTERNAL_MOUNT "(memfd, System V, shared anonymous)"
#define UNKNOWN "unknown"

const char *const bag_labels[BAGS][BAG_LABELS] = {
	[BAG_MOUNTS] = { "namespace", "pod", "container", "unit", "mount" },
	[BAG_OWNERS] = { "mount", "namespace", "pod", "container", "comm" },
	[BAG_CGROUPS] = { "cgroup" },
	[BAG_CONTAINERS] = { "namespace", "pod", "container" },
	[BAG_INFO] = { "namespace", "pod", "container", "runtime", "image" },
	[BAG_COMMANDS] = { "comm" },
};

struct shape {
	size_t figures, by;
	unsigned share; /* of all series, percent */
	enum bag_rule rule[BAG_FIGURES];
};

static const struct shape shapes[BAGS] = {
	[BAG_MOUNTS] = { MOUNT_FIGURES,
			 MOUNT_USED,
			 10,
			 { [MOUNT_LIMIT] = BAG_ALONE, [MOUNT_LIMIT_INODES] = BAG_ALONE, [MOUNT_FULL] = BAG_LEAST } },
	[BAG_OWNERS] = { OWNER_FIGURES, OWNER_BYTES, 10, {} },
	[BAG_CGROUPS] = { CGROUP_FIGURES,
			  CGROUP_USAGE,
			  10,
			  { [CGROUP_LIMIT] = BAG_ALONE, [CGROUP_ROOM] = BAG_LEAST, [CGROUP_FULL] = BAG_LEAST } },
	[BAG_CONTAINERS] = { CGROUP_FIGURES,
			     CGROUP_USAGE,
			     52,
			     { [CGROUP_LIMIT] = BAG_ALONE, [CGROUP_ROOM] = BAG_LEAST, [CGROUP_FULL] = BAG_LEAST } },
	[BAG_INFO] = { 1, 0, 5, { BAG_MOST } },
	[BAG_COMMANDS] = { COMMAND_FIGURES, COMMAND_ANON, 8, { [COMMAND_PEAK] = BAG_MOST } },
};

static double number(uint64_t figure)
{
	return is_known(figure) ? (double)figure : NAN;
}

/* namespace, pod, container as kubelet spells them */
static void put_container(const struct snapshot_container *in, const char **labels)
{
	if (!in)
		return;
	labels[0] = in->pod_namespace;
	labels[1] = in->pod;
	labels[2] = in->name ? in->name : strcmp(in->kind, "pod") == 0 && in->pod ? NULL : in->shown;
}

static struct bag_row *container_row(struct bag bags[BAGS], const struct snapshot_container *in)
{
	const char *labels[BAG_LABELS] = {};

	put_container(in, labels);
	return bag__row(&bags[BAG_CONTAINERS], labels);
}

static void add_mount(struct bag bags[BAGS], const struct metrics_input *input, const struct snapshot_mount *mount)
{
	const char *labels[BAG_LABELS] = {};
	struct bag *bag = &bags[BAG_MOUNTS];
	struct bag_row *row;

	put_container(mount->in, labels);
	labels[3] = mount->unit;
	labels[4] = mount->internal ? INTERNAL_MOUNT : mount->path;
	row = bag__row(bag, labels);
	bag__add(bag, row, MOUNT_USED, number(mount->used_bytes));
	bag__add(bag, row, MOUNT_LIMIT, number(mount->limit_bytes));
	bag__add(bag, row, MOUNT_USED_INODES, number(mount->used_inodes));
	bag__add(bag, row, MOUNT_LIMIT_INODES, number(mount->limit_inodes));
	bag__add(bag, row, MOUNT_UNKNOWN, number(mount->unattributed_bytes));
	if (input->forecast.mount)
		bag__add(bag, row, MOUNT_FULL, input->forecast.mount(input->forecast.context, mount));
}

static void add_owner(struct bag *bag, const char *mount, const struct snapshot_owner *owner, uint64_t bytes)
{
	const char *labels[BAG_LABELS] = { mount };

	put_container(owner ? owner->in : NULL, labels + 1);
	labels[4] = owner ? owner->comm : UNKNOWN;
	bag__add(bag, bag__row(bag, labels), OWNER_BYTES, number(bytes));
}

static void add_file(struct bag *bag, const struct snapshot_file *file)
{
	const char *mount = file->kind == FILE_KIND_TMPFS ? (file->mount ? file->mount : "") : INTERNAL_MOUNT;
	uint64_t known = 0;

	if (file->kind == FILE_KIND_FILE || !is_known(file->bytes))
		return;
	for (size_t i = 0; i < file->owner_count; i++) {
		add_owner(bag, mount, &file->owners[i], file->owners[i].bytes);
		known += file->owners[i].bytes;
	}
	if (file->bytes > known)
		add_owner(bag, mount, NULL, file->bytes - known);
}

static void add_cgroup_figures(const struct bag *bag, struct bag_row *row, const struct metrics_input *input,
			       const struct snapshot_cgroup *cgroup)
{
	bag__add(bag, row, CGROUP_USAGE, number(cgroup->usage_bytes));
	bag__add(bag, row, CGROUP_LIMIT, number(cgroup->limit_bytes));
	bag__add(bag, row, CGROUP_ROOM, number(cgroup->tightest_room_bytes));
	bag__add(bag, row, CGROUP_ANON, number(cgroup->anon_bytes));
	bag__add(bag, row, CGROUP_FILE, number(cgroup->file_bytes));
	bag__add(bag, row, CGROUP_SHMEM, number(cgroup->shmem_bytes));
	bag__add(bag, row, CGROUP_KERNEL, number(cgroup->kernel_bytes));
	bag__add(bag, row, CGROUP_SWAP, number(cgroup->swap_bytes));
	if (input->forecast.cgroup)
		bag__add(bag, row, CGROUP_FULL, input->forecast.cgroup(input->forecast.context, cgroup));
}

/* pods are the sum of their containers, and what is below a container's topmost cgroup is in it */
static void add_cgroup(struct bag bags[BAGS], const struct metrics_input *input, const struct snapshot_cgroup *cgroup)
{
	const char *labels[BAG_LABELS] = {}, *unit;

	if (!cgroup->in) {
		unit = unit__of(cgroup->path);
		if (!unit)
			return;
		labels[0] = unit__name(unit);
		add_cgroup_figures(&bags[BAG_CGROUPS], bag__row(&bags[BAG_CGROUPS], labels), input, cgroup);
		return;
	}
	if (!cgroup->inner && strcmp(cgroup->in->kind, "pod") != 0)
		add_cgroup_figures(&bags[BAG_CONTAINERS], container_row(bags, cgroup->in), input, cgroup);
}

static void add_info(struct bag *bag, const struct snapshot_container *in)
{
	const char *labels[BAG_LABELS] = {};

	put_container(in, labels);
	labels[3] = in->runtime;
	labels[4] = in->image;
	bag__add(bag, bag__row(bag, labels), 0, 1);
}

static void add_process(struct bag bags[BAGS], const struct snapshot_process *process)
{
	const char *labels[BAG_LABELS] = { process->comm };
	struct bag *bag = &bags[BAG_COMMANDS];
	struct bag_row *row;

	if (process->in && strcmp(process->in->kind, "pod") != 0) {
		struct bag_row *container = container_row(bags, process->in);

		bag__add(&bags[BAG_CONTAINERS], container, CGROUP_CACHE, number(process->cache_bytes));
		bag__add(&bags[BAG_CONTAINERS], container, CGROUP_TMPFS, number(process->tmpfs_bytes));
		bag__add(&bags[BAG_CONTAINERS], container, CGROUP_PROCESSES, !process->exited);
		if (!process->exited) /* of one that ran before under this name, the image may be another */
			add_info(&bags[BAG_INFO], process->in);
	}
	if (process->kernel)
		return;
	row = bag__row(bag, labels);
	if (!process->shares_memory) {
		bag__add(bag, row, COMMAND_ANON, number(process->anon_bytes));
		bag__add(bag, row, COMMAND_FILE, number(process->file_bytes));
		bag__add(bag, row, COMMAND_SHMEM, number(process->shmem_bytes));
		bag__add(bag, row, COMMAND_SWAP, number(process->swap_bytes));
		bag__add(bag, row, COMMAND_TABLES, number(process->page_table_bytes));
	}
	bag__add(bag, row, COMMAND_CACHE, number(process->cache_bytes));
	bag__add(bag, row, COMMAND_TMPFS, number(process->tmpfs_bytes));
	if (!process->exited)
		bag__add(bag, row, COMMAND_PEAK, number(process->peak_rss_bytes));
	bag__add(bag, row, COMMAND_PROCESSES, !process->exited);
}

int metrics_rows__make(struct bag bags[BAGS], const struct metrics_input *input)
{
	const struct snapshot *s = input->snapshot;

	for (int i = 0; i < BAGS; i++) {
		bags[i] = (struct bag){ .figures = shapes[i].figures };
		memcpy(bags[i].rule, shapes[i].rule, sizeof(bags[i].rule));
		while (bags[i].labels < BAG_LABELS && bag_labels[i][bags[i].labels])
			bags[i].labels++;
	}
	for (size_t i = 0; i < s->mount_count; i++)
		add_mount(bags, input, &s->mounts[i]);
	for (size_t i = 0; s->tracing && i < s->file_count; i++)
		add_file(&bags[BAG_OWNERS], &s->files[i]);
	for (size_t i = 0; i < s->cgroup_count; i++)
		add_cgroup(bags, input, &s->cgroups[i]);
	for (size_t i = 0; i < s->process_count; i++)
		add_process(bags, &s->processes[i]);
	for (int i = 0; i < BAGS; i++) {
		bag__cut(&bags[i], shapes[i].by, input->max_series * shapes[i].share / 100 / shapes[i].figures + 1);
		if (bags[i].err)
			return bags[i].err;
	}
	return 0;
}
