// SPDX-License-Identifier: GPL-2.0-only
/* Reading the kernel side: iterators to their end, maps in bulk, the ring. */
#include "tracer_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)
#define PAGE_BYTES_MOST (64 * 1024) /* arm64 */
#define BATCH 1024
#define FRUITLESS_MOST 8
#define ENOUGH (-ECANCELED) /* ends a drain, and is no error */

static int attach_iterator(struct tracer *tracer, enum iterator which, struct bpf_program *program,
			   const struct bpf_iter_attach_opts *options)
{
	if (tracer->iterators[which])
		return 0;
	if (!program || !bpf_program__autoload(program))
		return -EOPNOTSUPP;
	tracer->iterators[which] = bpf_program__attach_iter(program, options);
	return tracer->iterators[which] ? 0 : -errno;
}

/* of two programs that do the same, the one that the plan took */
static struct bpf_program *loaded(struct bpf_program *first, struct bpf_program *second)
{
	return bpf_program__autoload(first) ? first : second;
}

/* appends what the iterator prints to a growing array of rows of `size` bytes */
static int read_rows(struct bpf_link *link, size_t size, void **rows, size_t *capacity, size_t count)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	size_t used = count * size;
	ssize_t n;

	if (fd < 0)
		return fd;
	for (;;) {
		if (*capacity * size - used < READ_BYTES) {
			size_t more = *capacity * 2 + 2 * READ_BYTES / size;
			void *grown = realloc(*rows, more * size);

			if (!grown) {
				n = -1;
				errno = ENOMEM;
				break;
			}
			*rows = grown;
			*capacity = more;
		}
		n = read(fd, (char *)*rows + used, *capacity * size - used);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : (int)(used / size);
}

int tracer__tasks(struct tracer *tracer, struct task_row **rows, size_t *capacity)
{
	int err = attach_iterator(tracer, ITERATE_TASKS,
				  loaded(tracer->bpf->progs.tasks_iter_cast, tracer->bpf->progs.tasks_iter), NULL);

	if (err)
		return err;
	return read_rows(tracer->iterators[ITERATE_TASKS], sizeof(**rows), (void **)rows, capacity, 0);
}

int tracer__numbers(struct tracer *tracer, struct number_row **rows, size_t *capacity)
{
	int err = attach_iterator(tracer, ITERATE_NUMBERS, tracer->bpf->progs.numbers_iter, NULL);

	if (err)
		return err;
	return read_rows(tracer->iterators[ITERATE_NUMBERS], sizeof(**rows), (void **)rows, capacity, 0);
}

int tracer__holders(struct tracer *tracer, struct holder_row **rows, size_t *capacity, bool *mapped)
{
	int count = 0, err;

	err = attach_iterator(tracer, ITERATE_OPEN, tracer->bpf->progs.holders_open_iter, NULL);
	if (!err)
		count = read_rows(tracer->iterators[ITERATE_OPEN], sizeof(**rows), (void **)rows, capacity, 0);
	if (err || count < 0)
		return err ? err : count;
	err = attach_iterator(tracer, ITERATE_MAPPED, tracer->bpf->progs.holders_mapped_iter, NULL);
	*mapped = err != -EOPNOTSUPP;
	if (!*mapped)
		return count;
	if (err)
		return err;
	return read_rows(tracer->iterators[ITERATE_MAPPED], sizeof(**rows), (void **)rows, capacity, (size_t)count);
}

int tracer__cgroups(struct tracer *tracer, int root_fd, struct cgroup_row **rows, size_t *capacity)
{
	union bpf_iter_link_info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = &info, .link_info_len = sizeof(info));
	int err;

	info.cgroup.cgroup_fd = (uint32_t)root_fd;
	info.cgroup.order = BPF_CGROUP_ITER_DESCENDANTS_PRE;
	err = attach_iterator(tracer, ITERATE_CGROUPS, tracer->bpf->progs.cgroups_iter, &options);
	if (err)
		return err;
	return read_rows(tracer->iterators[ITERATE_CGROUPS], sizeof(**rows), (void **)rows, capacity, 0);
}

/*
 * New folios wait in a batch of each CPU, unseen by the LRU way. mbind with
 * MPOL_MF_MOVE empties all batches first (mm/mempolicy.c, do_mbind: migrate_prep
 * until 5.13, lru_cache_disable since); what it then moves is one page of ours.
 */
static void empty_lru_batches(void)
{
	static char page[PAGE_BYTES_MOST] __attribute__((aligned(PAGE_BYTES_MOST)));

	syscall(SYS_mbind, page, (size_t)sysconf(_SC_PAGESIZE), MPOL_DEFAULT, NULL, 0, MPOL_MF_MOVE);
}

/* false: what is in the ring is not names, again and again; those that wait are for the next refresh */
static bool take_names(struct tracer *tracer, int *fruitless)
{
	uint64_t before = tracer->names_came;

	if (tracer__drain(tracer))
		return false;
	*fruitless = tracer->names_came == before ? *fruitless + 1 : 0;
	return *fruitless < FRUITLESS_MOST;
}

int tracer__refresh(struct tracer *tracer, bool all_names)
{
	const struct bpf_program *program =
		loaded(tracer->bpf->progs.files_refresh_cast, tracer->bpf->progs.files_refresh);
	struct pagetide_bpf__bss *bss = tracer->bpf->bss;
	bool waits = all_names && tracer->take;
	uint32_t next = 0;
	int fruitless = 0;

	if (tracer->bpf->rodata->knob_lazy_inserts)
		empty_lru_batches();
	while (next < tracer->bpf->rodata->knob_files) {
		int came;

		bss->refresh_waits = waits; /* a drain may have led to another refresh, which did not wait */
		bss->refresh_next = next;
		came = tracer__run_program(program);
		if (came < 0)
			return came;
		next = bss->refresh_next;
		if (came == REFRESH_WAITS)
			waits = take_names(tracer, &fruitless);
	}
	return 0;
}

int tracer__seed(struct tracer *tracer, const int *fds, uint32_t count, uint32_t *found)
{
	struct pagetide_bpf__bss *bss = tracer->bpf->bss;
	int err;

	for (uint32_t done = 0; done < count; done += SEED_FDS) {
		uint32_t n = count - done > SEED_FDS ? SEED_FDS : count - done;

		memcpy(bss->seed_fds, fds + done, n * sizeof(*fds));
		bss->seed_count = n;
		err = tracer__run_program(tracer->bpf->progs.seed_files);
		if (err >= 0)
			err = tracer__make_room(tracer);
		if (err < 0)
			return err;
		if (found)
			memcpy(found + done, bss->seed_files_found, n * sizeof(*found));
	}
	return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

const struct file_slot *tracer__files(struct tracer *tracer, uint32_t *slots)
{
	books__map(&tracer->files, tracer->bpf->bss->files_top);
	*slots = least(tracer->bpf->bss->files_top, tracer->files.mapped);
	return tracer->files.address;
}

const struct file_charge *tracer__charges(struct tracer *tracer, uint32_t *slots)
{
	books__map(&tracer->charges, tracer->bpf->bss->files_top);
	*slots = least(tracer->bpf->bss->files_top, tracer->charges.mapped);
	return tracer->charges.address;
}

const struct owner_slot *tracer__owners(struct tracer *tracer, uint32_t *slots)
{
	books__map(&tracer->owners, tracer->bpf->bss->owners_top);
	/* the first two stand for nobody's pages: other files of unknown owners */
	*slots = least(tracer->bpf->bss->owners_top, tracer->owners.mapped);
	if (*slots < OWNER_FIRST)
		*slots = OWNER_FIRST;
	return tracer->owners.address;
}

int tracer__pairs(struct tracer *tracer, struct pair_row **rows, size_t *capacity)
{
	static struct pair_key keys[BATCH];
	static struct pair values[BATCH];
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	int fd = bpf_map__fd(tracer->bpf->maps.pairs), err = 0;
	struct pair_key next = {}, at = {};
	size_t count = 0;
	bool begun = false;

	while (!err) {
		__u32 n = BATCH;

		err = bpf_map_lookup_batch(fd, begun ? &at : NULL, &next, keys, values, &n, &options);
		if (err && err != -ENOENT)
			return err == -ENOSPC ? (int)count : err;
		if (count + n > *capacity) {
			size_t more = *capacity * 2 + BATCH;
			struct pair_row *grown = realloc(*rows, more * sizeof(**rows));

			if (!grown)
				return -ENOMEM;
			*rows = grown;
			*capacity = more;
		}
		for (__u32 i = 0; i < n; i++)
			(*rows)[count++] = (struct pair_row){ keys[i], values[i] };
		at = next;
		begun = true;
	}
	return (int)count;
}

void tracer__drop_pair(struct tracer *tracer, const struct pair_key *key)
{
	bpf_map__delete_elem(tracer->bpf->maps.pairs, key, sizeof(*key), 0);
}

void tracer__drop_owner(struct tracer *tracer, uint32_t index, const struct owner_key *key)
{
	/* the slot may be used by another already: then the key leads elsewhere, or nowhere */
	uint32_t found;

	if (bpf_map__lookup_elem(tracer->bpf->maps.owner_index, key, sizeof(*key), &found, sizeof(found), 0) ||
	    found != index)
		return;
	if (bpf_map__delete_elem(tracer->bpf->maps.owner_index, key, sizeof(*key), 0))
		return;
	if (index < tracer->owners.mapped)
		((struct owner_slot *)tracer->owners.address)[index].start_ns = 0;
	bpf_map__update_elem(tracer->bpf->maps.owners_free, NULL, 0, &index, sizeof(index), BPF_ANY);
}

int tracer__losses(struct tracer *tracer, uint64_t losses[LOSSES])
{
	int cpus = libbpf_num_possible_cpus(), err;
	uint64_t *values;

	if (cpus < 0)
		return cpus;
	values = calloc((size_t)cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	for (uint32_t kind = 0; kind < LOSSES; kind++) {
		losses[kind] = 0;
		err = bpf_map__lookup_elem(tracer->bpf->maps.losses, &kind, sizeof(kind), values,
					   (size_t)cpus * sizeof(*values), 0);
		if (err)
			break;
		for (int cpu = 0; cpu < cpus; cpu++)
			losses[kind] += values[cpu];
	}
	free(values);
	return err;
}

/*
 * Statistics are told with preemption off (__mod_memcg_lruvec_state(), mm/memcontrol.c): only an interrupt comes in
 * between, and its statistics are none of ours.
 */
static bool is_never_preempted(const struct bpf_program *program)
{
	return strcmp(bpf_program__section_name(program), "tp_btf/mod_memcg_lruvec_state") == 0;
}

uint64_t tracer__skipped(const struct tracer *tracer)
{
	struct bpf_program *program;
	uint64_t skipped = 0;

	bpf_object__for_each_program (program, tracer->bpf->obj) {
		struct bpf_prog_info info = { 0 };
		__u32 length = sizeof(info);

		if (!bpf_program__autoload(program) || is_never_preempted(program))
			continue;
		if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length) == 0)
			skipped += info.recursion_misses;
	}
	return skipped;
}

static int take_record(void *context, void *data, size_t length)
{
	struct tracer *tracer = context;
	uint64_t taken = (length + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;

	tracer->names_came += length >= sizeof(struct record) && ((const struct record *)data)->type == RECORD_FILE;
	tracer->take(tracer->take_context, data, length);
	if (taken >= tracer->may_take)
		return ENOUGH;
	tracer->may_take -= taken;
	return 0;
}

static int open_ring(struct tracer *tracer)
{
	if (tracer->ring)
		return 0;
	tracer->ring = ring_buffer__new(bpf_map__fd(tracer->bpf->maps.ring), take_record, tracer, NULL);
	return tracer->ring ? 0 : -errno;
}

int tracer__ring_fd(const struct tracer *tracer)
{
	int err = open_ring((struct tracer *)tracer);

	return err ? err : ring_buffer__epoll_fd(tracer->ring);
}

void tracer__set_taker(struct tracer *tracer, tracer_record_fn take, void *context)
{
	tracer->take = take;
	tracer->take_context = context;
}

int tracer__drain(struct tracer *tracer)
{
	int err = open_ring(tracer);

	if (err)
		return err;
	tracer->may_take = bpf_map__max_entries(tracer->bpf->maps.ring);
	err = ring_buffer__consume(tracer->ring);
	return err < 0 && err != ENOUGH ? err : 0;
}

static uint64_t map_memory(const struct bpf_map *map)
{
	char path[64], line[128];
	unsigned long long bytes = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", bpf_map__fd(map));
	file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	}
	fclose(file);
	return bytes;
}

uint64_t tracer__map_bytes(const struct tracer *tracer)
{
	struct bpf_map *map;
	uint64_t total = 0;

	bpf_object__for_each_map (map, tracer->bpf->obj)
		total += map_memory(map);
	return total;
}
