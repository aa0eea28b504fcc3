// SPDX-License-Identifier: GPL-2.0-only
/* Thresholds into the kernel side, and programs that are attached only near a limit. */
#include "tracer_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

static struct mount_slot *slot_of(const struct tracer *tracer, uint32_t index)
{
	struct mount_slot *mounts = tracer->mounts.address;

	return &mounts[index];
}

static uint32_t find_mount(const struct tracer *tracer, uint32_t dev)
{
	for (uint32_t i = 1; i < MAX_MOUNTS; i++) {
		if (tracer->mount_devs[i] == dev)
			return i;
	}
	return 0;
}

uint32_t tracer__know_mount(struct tracer *tracer, uint32_t dev)
{
	uint32_t index = find_mount(tracer, dev);

	if (index)
		return index;
	index = find_mount(tracer, 0);
	if (!index)
		return 0;
	if (books__map(&tracer->mounts, index + 1))
		return 0;
	*slot_of(tracer, index) = (struct mount_slot){ .dev = dev };
	if (bpf_map__update_elem(tracer->bpf->maps.mount_index, &dev, sizeof(dev), &index, sizeof(index), BPF_ANY))
		return 0;
	tracer->mount_devs[index] = dev;
	tracer->mount_superblocks[index] = 0;
	tracer->mount_bases[index].known = false;
	tracer->mount_detached[index] = false;
	return index;
}

/* two CPUs that count at once may leave a sum a little too low */
static int64_t at_least_none(int64_t pages)
{
	return pages > 0 ? pages : 0;
}

/* what the CPUs have not added yet is read before the slot: a flush between the two counts twice, not never */
static int64_t kept_back(const struct tracer *tracer, uint32_t index)
{
	const struct streak *streaks = tracer->bpf->bss->streaks;
	int64_t kept = 0;

	for (uint32_t cpu = 0; cpu < STREAK_CPUS && cpu < tracer->bpf->rodata->knob_cpus; cpu++) {
		if (streaks[cpu].mount == index)
			kept += __atomic_load_n(&streaks[cpu].mount_pages, __ATOMIC_ACQUIRE);
	}
	return kept;
}

struct mount_count tracer__mount(const struct tracer *tracer, uint32_t index)
{
	const struct mount_slot *slot = slot_of(tracer, index);
	int64_t kept = kept_back(tracer, index);
	struct mount_count count = {
		.pages = __atomic_load_n(&slot->pages, __ATOMIC_ACQUIRE) + kept,
		.peak_pages = slot->peak,
		.other_pages = at_least_none(slot->other_pages),
		.other_owned = at_least_none(slot->other_owned),
	};

	if (count.pages > count.peak_pages)
		count.peak_pages = count.pages;
	return count;
}

static void begin_peak(struct tracer *tracer, uint32_t index)
{
	struct mount_slot *slot = slot_of(tracer, index);

	slot->peak = slot->pages;
	tracer->mount_bases[index].known = false;
}

/*
 * What is used is never less than the base and what is counted: a page is charged before it comes, and a file's are let
 * go when the last of them went (mm/shmem.c: shmem_recalc_inode()). So the least difference is the base, until one that
 * is greater stands still: then the count missed some.
 */
uint64_t tracer__mount_peak(struct tracer *tracer, uint32_t index, int64_t before, uint64_t used_pages,
			    const struct mount_count *count)
{
	struct mount_base *base = &tracer->mount_bases[index];
	int64_t least = before < count->pages ? before : count->pages;
	int64_t most = (int64_t)used_pages - least, peak;
	bool still = before == count->pages && base->last_count == count->pages;

	if (!base->known || still || most < base->pages)
		base->pages = most;
	base->known = true;
	base->last_count = count->pages;
	peak = count->peak_pages + base->pages;
	return peak > (int64_t)used_pages ? (uint64_t)peak : used_pages;
}

void tracer__mount_is(struct tracer *tracer, uint32_t index, uint64_t superblock)
{
	uint64_t *known = &tracer->mount_superblocks[index];

	if (!superblock)
		return;
	if (*known && *known != superblock)
		begin_peak(tracer, index);
	*known = superblock;
}

static void find_used(struct tracer *tracer, bool used[MAX_MOUNTS])
{
	uint32_t slots;
	const struct file_slot *files = tracer__files(tracer, &slots);

	for (uint32_t i = 1; i < slots; i++) {
		if (files[i].mapping && files[i].mount < MAX_MOUNTS)
			used[files[i].mount] = true;
	}
}

static void forget_mount(struct tracer *tracer, uint32_t index)
{
	uint32_t *dev = &tracer->mount_devs[index];

	bpf_map__delete_elem(tracer->bpf->maps.mount_index, dev, sizeof(*dev), 0);
	*dev = 0;
}

void tracer__forget_mounts(struct tracer *tracer, const uint32_t *devs, size_t count)
{
	bool used[MAX_MOUNTS] = {};

	find_used(tracer, used);
	for (uint32_t i = 1; i < MAX_MOUNTS; i++) {
		bool mounted = false, *detached = &tracer->mount_detached[i];

		if (!tracer->mount_devs[i])
			continue;
		for (size_t j = 0; j < count && !mounted; j++)
			mounted = devs[j] == tracer->mount_devs[i];
		if (mounted && *detached && !used[i])
			begin_peak(tracer, i); /* the number is another mount's now */
		*detached = !mounted;
		if (mounted)
			continue;
		tracer__arm_mount(tracer, i, 0, 0);
		if (!used[i])
			forget_mount(tracer, i);
	}
}

void tracer__mount_limit(struct tracer *tracer, uint32_t index, uint64_t limit_pages)
{
	/* what the CPUs keep back together is a thousandth of the limit at most */
	uint64_t batch = limit_pages / 1000 / tracer->bpf->rodata->knob_cpus;

	if (index && index < MAX_MOUNTS && tracer->mount_devs[index])
		slot_of(tracer, index)->batch = batch < MOUNT_BATCH_MOST ? (uint32_t)batch : MOUNT_BATCH_MOST;
}

void tracer__arm_mount(struct tracer *tracer, uint32_t index, int64_t pages, uint64_t free_inodes)
{
	struct mount_slot *slot = slot_of(tracer, index);

	if (!index || index >= MAX_MOUNTS || !tracer->mount_devs[index])
		return;
	__atomic_store_n(&slot->warn_pages, pages, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->warn_free_inodes, free_inodes, __ATOMIC_RELAXED);
}

int tracer__arm_cgroup(struct tracer *tracer, uint64_t id, uint64_t pages)
{
	struct bpf_map *map = tracer->bpf->maps.armed;

	if (pages)
		return bpf_map__update_elem(map, &id, sizeof(id), &pages, sizeof(pages), BPF_ANY);
	bpf_map__delete_elem(map, &id, sizeof(id), 0);
	return 0;
}

void tracer__keep_cgroups(struct tracer *tracer, bool (*is_there)(const void *context, uint64_t id),
			  const void *context)
{
	const struct bpf_map *map = tracer->bpf->maps.armed;
	uint64_t id, next;
	int err = bpf_map__get_next_key(map, NULL, &next, sizeof(next));

	while (!err) {
		id = next;
		err = bpf_map__get_next_key(map, &id, &next, sizeof(next));
		if (!is_there(context, id))
			bpf_map__delete_elem(map, &id, sizeof(id), 0);
	}
}

int tracer__arm(struct tracer *tracer, enum fact_id fact, bool on)
{
	const struct way *way = tracer->plan->choices[fact].way;
	struct bpf_link **link = &tracer->late_links[fact];
	struct bpf_program *program;

	if (!on) {
		bpf_link__destroy(*link);
		*link = NULL;
		return 0;
	}
	if (*link)
		return 0;
	if (!way || !way->programs[0])
		return -EOPNOTSUPP;
	program = bpf_object__find_program_by_name(tracer->bpf->obj, way->programs[0]);
	*link = program ? bpf_program__attach(program) : NULL;
	return *link ? 0 : -errno;
}
