// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and attaching. It must never decide what a figure means: it hands rows
 * and slots up as they are. Reading the maps is in tracer_read.c.
 */
#include "tracer_private.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DEFAULT_FILES 16384U
#define DEFAULT_OWNERS 16384U
#define READ_ONLY_OWNERS 1024U
#define PREPARE_CHUNK 256U

static char last_words[512];
static bool verbose;

static int remember(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char text[sizeof(last_words)];

	if (level != LIBBPF_WARN)
		return 0;
	if (verbose)
		return vfprintf(stderr, format, arguments);
	vsnprintf(text, sizeof(text), format, arguments);
	text[strcspn(text, "\n")] = '\0';
	if (text[0])
		memcpy(last_words, text, sizeof(last_words));
	return 0;
}

const char *tracer__last_words(void)
{
	return last_words;
}

static bool chosen(const struct plan *plan, const char *program)
{
	for (int i = 0; i < FACTS; i++) {
		const struct way *way = plan->choices[i].way;

		for (int j = 0; way && j < WAY_PROGRAMS && way->programs[j]; j++) {
			if (strcmp(way->programs[j], program) == 0)
				return true;
		}
	}
	return false;
}

static uint32_t round_slots(uint64_t wanted)
{
	uint32_t slots = 1024;

	while (slots < wanted && slots < (1U << 20))
		slots <<= 1;
	return slots;
}

static bool plan_has_mappings(const struct plan *plan)
{
	return plan->choices[FACT_MAPPINGS].way != NULL;
}

static void set_sizes(struct tracer *tracer, const struct tracer_knobs *knobs)
{
	struct pagetide_bpf *bpf = tracer->bpf;

	tracer->file_slots = knobs->max_files ? round_slots(knobs->max_files) : DEFAULT_FILES;
	tracer->owner_slots = knobs->read_only ? READ_ONLY_OWNERS : DEFAULT_OWNERS;
	tracer->kept_slots = tracer->file_slots / 4;
	bpf->rodata->knob_unified = knobs->unified;
	bpf->rodata->knob_story = knobs->story;
	bpf->rodata->knob_follow = knobs->follow;
	bpf->rodata->knob_map_bytes = knobs->map_bytes;
	bpf->rodata->knob_files = tracer->file_slots;
	bpf->rodata->knob_files_kept = tracer->kept_slots;
	bpf->rodata->knob_owners = tracer->owner_slots;
	bpf->rodata->knob_cpus = (uint32_t)libbpf_num_possible_cpus();
	bpf_map__set_max_entries(bpf->maps.files, tracer->file_slots);
	bpf_map__set_max_entries(bpf->maps.charges, tracer->file_slots);
	bpf_map__set_max_entries(bpf->maps.file_index, tracer->file_slots);
	bpf_map__set_max_entries(bpf->maps.files_free, tracer->file_slots);
	bpf_map__set_max_entries(bpf->maps.files_kept, tracer->file_slots);
	bpf_map__set_max_entries(bpf->maps.owners, tracer->owner_slots);
	bpf_map__set_max_entries(bpf->maps.owner_index, tracer->owner_slots);
	bpf_map__set_max_entries(bpf->maps.owners_free, tracer->owner_slots);
	/* each CPU keeps up to 128 free elements of an LRU map to itself (LOCAL_FREE_TARGET, kernel/bpf/bpf_lru_list.h) */
	bpf_map__set_max_entries(bpf->maps.calls, 1024 + 256 * bpf->rodata->knob_cpus);
	bpf_map__set_autocreate(bpf->maps.calls, chosen(tracer->plan, "tmpfs_add_kprobe"));
	bpf->rodata->knob_late_exits = chosen(tracer->plan, "exit_late_tracepoint");
	if (!bpf->rodata->knob_late_exits)
		bpf_map__set_max_entries(bpf->maps.left_by_exec, 1);
	if (!knobs->follow)
		bpf_map__set_max_entries(bpf->maps.followed, 1);
	if (!plan_has_mappings(tracer->plan))
		bpf_map__set_max_entries(bpf->maps.heaps, 1);
	if (knobs->read_only) {
		bpf_map__set_max_entries(bpf->maps.pairs, 1024);
	}
}

int tracer__run_program(const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	int err = bpf_prog_test_run_opts(bpf_program__fd(program), &options);

	return err ? err : (int)options.retval;
}

static int run_prepare(struct tracer *tracer, uint32_t table, uint32_t first, uint32_t end)
{
	/* from the top down, so that the lowest slots lie on top of the stack */
	while (end > first) {
		uint32_t count = end - first > PREPARE_CHUNK ? PREPARE_CHUNK : end - first;
		int err;

		tracer->bpf->bss->prepare_table = table;
		tracer->bpf->bss->prepare_first = end - count;
		tracer->bpf->bss->prepare_count = count;
		err = tracer__run_program(tracer->bpf->progs.prepare_slots);
		if (err < 0)
			return err;
		end -= count;
	}
	return 0;
}

static int map_books(struct books_map *books, const struct bpf_map *map)
{
	int err = books__open(books, bpf_map__fd(map), bpf_map__max_entries(map), bpf_map__value_size(map));

	return err ? err : books__map(books, 1);
}

static int map_all_books(struct tracer *tracer)
{
	int err = map_books(&tracer->files, tracer->bpf->maps.files);

	if (!err)
		err = map_books(&tracer->charges, tracer->bpf->maps.charges);
	if (!err)
		err = map_books(&tracer->owners, tracer->bpf->maps.owners);
	if (!err)
		err = map_books(&tracer->mounts, tracer->bpf->maps.mounts);
	return err;
}

/* the object's bytes in our own image are read once: a quarter of a MiB that need not stay */
static void forget_object(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start, end;
	size_t size;

	start = ((uintptr_t)pagetide_bpf__elf_bytes(&size) + page - 1) & ~(page - 1);
	end = ((uintptr_t)pagetide_bpf__elf_bytes(&size) + size) & ~(page - 1);
	if (end > start)
		madvise((void *)start, end - start, MADV_DONTNEED);
}

/* a CPU that is offline has no part of any counter */
static void learn_cpus(struct tracer *tracer)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .flags = BPF_F_TEST_RUN_ON_CPU);
	struct pagetide_bpf__bss *bss = tracer->bpf->bss;

	bool learned = false;

	for (; options.cpu < tracer->bpf->rodata->knob_cpus && !bss->cpu_offsets_known; options.cpu++)
		learned |= !bpf_prog_test_run_opts(bpf_program__fd(tracer->bpf->progs.learn_cpu), &options);
	bss->cpu_offsets_known |= learned;
}

int tracer__caller(const struct tracer *tracer)
{
	return tracer__run_program(tracer->bpf->progs.tell_caller);
}

uint32_t tracer__self(const struct tracer *tracer)
{
	return tracer->self;
}

static int prepare(struct tracer *tracer)
{
	int err = run_prepare(tracer, TABLE_FILES, FILE_NONE + 1, tracer->file_slots), self = tracer__caller(tracer);

	if (self < 0)
		return self;
	tracer->self = tracer->bpf->bss->reader_pid = (uint32_t)self;
	learn_cpus(tracer);
	if (!err)
		err = run_prepare(tracer, TABLE_OWNERS, OWNER_FIRST, tracer->owner_slots);
	return err;
}

static bool is_room_wanted(const struct tracer *tracer)
{
	const struct pagetide_bpf__bss *bss = tracer->bpf->bss;

	return tracer->lean_tables < LEAN_TABLES && (!tracer->lean_tables || bss->lean_asked);
}

int tracer__make_room(struct tracer *tracer)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	uint32_t table = tracer->lean_tables, files = LEAN_FIRST_FILES << 2 * table;
	struct pagetide_bpf__bss *bss = tracer->bpf->bss;
	int fd, err;

	if (!is_room_wanted(tracer))
		return 0;
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "pagetide_lean", sizeof(uint64_t), sizeof(struct lean_file), files,
			    &options);
	if (fd < 0)
		return fd;
	err = bpf_map__update_elem(tracer->bpf->maps.lean, &table, sizeof(table), &fd, sizeof(fd), BPF_ANY);
	close(fd); /* the kernel side holds it */
	if (err)
		return err;
	bss->lean_room = files / 2; /* the other half lasts until we come to make the next */
	bss->lean_tables = tracer->lean_tables = table + 1;
	bss->lean_asked = table + 1 == LEAN_TABLES; /* then there is no more to ask for */
	return 0;
}

static int open_object(struct tracer **out)
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	int err;

	if (!tracer)
		return -ENOMEM;
	libbpf_set_print(remember);
	tracer->bpf = pagetide_bpf__open();
	if (!tracer->bpf) {
		err = -errno;
		free(tracer);
		return err;
	}
	*out = tracer;
	return 0;
}

static void want_numbers(struct tracer *tracer, bool wanted, uint32_t proc_above)
{
	bpf_program__set_autoload(tracer->bpf->progs.numbers_iter, wanted);
	tracer->bpf->rodata->knob_proc_above = proc_above;
}

int tracer__open_numbers(struct tracer **out, uint32_t proc_above)
{
	struct tracer *tracer;
	struct bpf_program *program;
	struct bpf_map *map;
	int err = open_object(&tracer);

	*out = NULL;
	if (err)
		return err;
	bpf_object__for_each_program (program, tracer->bpf->obj)
		bpf_program__set_autoload(program, false);
	bpf_object__for_each_map (map, tracer->bpf->obj)
		bpf_map__set_autocreate(map, bpf_map__is_internal(map));
	want_numbers(tracer, true, proc_above);
	err = pagetide_bpf__load(tracer->bpf);
	if (err)
		tracer__close(tracer);
	else
		*out = tracer;
	return err;
}

int tracer__open(struct tracer **out, const struct plan *plan, const struct tracer_knobs *knobs)
{
	struct bpf_program *program;
	struct tracer *tracer;
	int err;

	*out = NULL;
	verbose = knobs->verbose;
	err = open_object(&tracer);
	if (err)
		return err;
	tracer->plan = plan;
	bpf_object__for_each_program (program, tracer->bpf->obj)
		bpf_program__set_autoload(program, chosen(plan, bpf_program__name(program)));
	want_numbers(tracer, knobs->numbers, knobs->proc_above);
	set_sizes(tracer, knobs);
	if (plan->choices[FACT_TMPFS_ADD].way &&
	    strcmp(plan->choices[FACT_TMPFS_ADD].way->programs[0], "tmpfs_add_lru") == 0)
		tracer->bpf->rodata->knob_lazy_inserts = true;
	err = pagetide_bpf__load(tracer->bpf);
	if (err)
		goto failed;
	forget_object();
	err = map_all_books(tracer);
	if (!err)
		err = prepare(tracer);
	if (!err)
		err = tracer__make_room(tracer);
	if (err)
		goto failed;
	*out = tracer;
	return 0;
failed:
	tracer__close(tracer);
	return err;
}

void tracer__close(struct tracer *tracer)
{
	if (!tracer)
		return;
	for (int i = 0; i < tracer->link_count; i++)
		bpf_link__destroy(tracer->links[i]);
	for (int i = 0; i < ITERATORS; i++)
		bpf_link__destroy(tracer->iterators[i]);
	for (int i = 0; i < FACTS; i++)
		bpf_link__destroy(tracer->late_links[i]);
	ring_buffer__free(tracer->ring);
	books__close(&tracer->files);
	books__close(&tracer->charges);
	books__close(&tracer->owners);
	books__close(&tracer->mounts);
	pagetide_bpf__destroy(tracer->bpf);
	free(tracer);
}

/* iterators are attached when they are first run, the rest is attached here */
static bool is_attached_here(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	return strncmp(section, "iter/", 5) != 0 && strcmp(section, "raw_tp") != 0;
}

static int attach_way(struct tracer *tracer, const struct way *way)
{
	for (int i = 0; i < WAY_PROGRAMS && way->programs[i]; i++) {
		struct bpf_program *program;
		struct bpf_link *link;

		program = bpf_object__find_program_by_name(tracer->bpf->obj, way->programs[i]);
		if (!program)
			return -ENOENT;
		if (!is_attached_here(program))
			continue;
		link = bpf_program__attach(program);
		if (!link)
			return -errno;
		tracer->links[tracer->link_count++] = link;
	}
	return 0;
}

int tracer__attach(struct tracer *tracer, enum fact_id *failed)
{
	/* removals first: a page that comes and goes while we attach must not stay in the books */
	static const enum fact_id first = FACT_REMOVE;
	const struct plan *plan = tracer->plan;
	int err = 0;

	*failed = first;
	if (plan->choices[first].way)
		err = attach_way(tracer, plan->choices[first].way);
	for (int i = 0; !err && i < FACTS; i++) {
		*failed = (enum fact_id)i;
		if (i != first && plan->choices[i].way && !facts[i].late)
			err = attach_way(tracer, plan->choices[i].way);
	}
	return err;
}

static bool owned_by_us(struct tracer *tracer, uint64_t ino)
{
	const struct owner_slot *owners;
	const struct file_slot *files;
	uint32_t slots, owner_slots;

	files = tracer__files(tracer, &slots);
	owners = tracer__owners(tracer, &owner_slots);
	for (uint32_t i = 1; i < slots; i++) {
		const struct file_slot *slot = &files[i];

		if (!slot->mapping || slot->ino != ino || !(slot->flags & FILE_TMPFS))
			continue;
		if (slot->owner >= OWNER_FIRST && slot->owner < owner_slots && slot__pages(slot) == 1 &&
		    owners[slot->owner].pid == tracer->self)
			return true;
	}
	return false;
}

int tracer__self_test(struct tracer *tracer)
{
	int fd = (int)syscall(SYS_memfd_create, "pagetide", 1U /* MFD_CLOEXEC */);
	struct stat status;
	int err = -ENODATA;

	if (fd < 0)
		return -errno;
	if (tracer->bpf->rodata->knob_lazy_inserts)
		err = 0; /* one page does not leave its batch: nothing to see yet */
	else if (write(fd, "", 1) != 1 || fstat(fd, &status))
		err = -errno;
	else if (owned_by_us(tracer, status.st_ino))
		err = 0;
	close(fd);
	return err;
}

int tracer__follow(struct tracer *tracer, uint32_t pid)
{
	uint32_t one = 1;

	return bpf_map__update_elem(tracer->bpf->maps.followed, &pid, sizeof(pid), &one, sizeof(one), BPF_ANY);
}
