/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel side, owned: loads the object by a plan, attaches, reads the maps in
 * place, runs the iterators. Nothing is pinned, so nothing outlives the process.
 * Functions return 0 or -errno; none prints.
 */
#ifndef PAGETIDE_TRACER_H
#define PAGETIDE_TRACER_H

#include <stdint.h>

#include "plan.h"
#include "wire.h"

struct tracer;

struct tracer_knobs {
	bool unified;        /* cgroup v2 owns the memory controller */
	bool story;          /* records are wanted */
	bool follow;         /* only some processes' mappings are told */
	bool read_only;      /* for one reading: small tables */
	bool numbers;        /* /proc has other numbers than the kernel: both are wanted */
	uint32_t proc_above; /* how many levels above our pid namespace that of /proc is */
	bool verbose;        /* the loader's warnings go to standard error */
	uint64_t max_files;  /* 0: the default, 16384 */
	uint64_t map_bytes;  /* smallest mapping worth a record */
};

/*
 * Loads what the plan chose. -EPERM: no rights; others as libbpf has them, with its
 * last words in tracer__last_words(). Close with tracer__close, which takes NULL.
 */
int tracer__open(struct tracer **tracer, const struct plan *plan, const struct tracer_knobs *knobs);
/* Loads what tells the numbers of processes, and nothing else. */
int tracer__open_numbers(struct tracer **tracer, uint32_t proc_above);
void tracer__close(struct tracer *tracer);
const char *tracer__last_words(void);

/* Attaches all that the plan chose; at -errno *failed names the fact. */
int tracer__attach(struct tracer *tracer, enum fact_id *failed);
/*
 * Brings one page of a memfd in and looks whether it is in the books with us as the
 * owner. 0, or -ENODATA: the way that was taken for tmpfs pages does not work here.
 */
int tracer__self_test(struct tracer *tracer);

/* Puts the inodes of open descriptors into the books; found[i] is the slot or FILE_NONE. */
int tracer__seed(struct tracer *tracer, const int *fds, uint32_t count, uint32_t *found);
/*
 * Takes over whose pages are whose, of files that are nobody's in our own books; after seeding.
 * Returns the number of files or -errno.
 */
struct accounts;
int tracer__adopt(struct tracer *tracer, const struct accounts *accounts);
/*
 * Compares every slot with its inode: call before reading the books. Names that find no room in the ring are left
 * to the next refresh; all_names: records are taken out of it meanwhile, as tracer__drain() does.
 */
int tracer__refresh(struct tracer *tracer, bool all_names);

/* The books, in place: they change while they are read, and live until the next call of the same. Slots from *slots on are unused. */
const struct file_slot *tracer__files(struct tracer *tracer, uint32_t *slots);
/* parallel to the files: what each is charged to, as the last refresh found it */
const struct file_charge *tracer__charges(struct tracer *tracer, uint32_t *slots);
const struct owner_slot *tracer__owners(struct tracer *tracer, uint32_t *slots);
struct pair_row {
	struct pair_key key;
	struct pair pair;
};
/* All pairs into *rows (grown with realloc, owned by the caller). Returns their number or -errno. */
int tracer__pairs(struct tracer *tracer, struct pair_row **rows, size_t *capacity);
void tracer__drop_pair(struct tracer *tracer, const struct pair_key *key);
/* Gives back the slot of an owner that has exited and owns nothing. */
void tracer__drop_owner(struct tracer *tracer, uint32_t index, const struct owner_key *key);
/* Sums over all CPUs. */
int tracer__losses(struct tracer *tracer, uint64_t losses[LOSSES]);
/*
 * How often the kernel did not run one of our programs because it had already begun on that CPU (recursion_misses
 * of bpf_prog_info, from 5.12 on; 0 before, where programs are not kept from that).
 */
uint64_t tracer__skipped(const struct tracer *tracer);
/* Makes one more table for files that find no slot, where it was asked for: call on RECORD_FULL. */
int tracer__make_room(struct tracer *tracer);
/*
 * The kernel side counts the pages of this mount from now on. Returns its slot (1..,
 * the same at each call), 0 when there are too many mounts.
 */
uint32_t tracer__know_mount(struct tracer *tracer, uint32_t dev);
struct mount_count {
	int64_t pages;       /* net, since the mount is known */
	int64_t peak_pages;  /* the most that this was, less what the CPUs keep back: tracer__mount_limit() */
	int64_t other_pages; /* of files that the file table has no room for, now */
	int64_t other_owned; /* of those, with an owner */
};
struct mount_count tracer__mount(const struct tracer *tracer, uint32_t index);
/* Which superblock the mount's is now, 0: not known. Of another one than at the last call the peak begins anew. */
void tracer__mount_is(struct tracer *tracer, uint32_t index, uint64_t superblock);
/* The most pages that were ever used: `used_pages` were, between a count of `before` and `count`. */
uint64_t tracer__mount_peak(struct tracer *tracer, uint32_t index, int64_t before, uint64_t used_pages,
			    const struct mount_count *count);
/*
 * The mount's size, UINT64_MAX for none: on a large one each CPU adds several pages at
 * once. A peak and a crossing are late by a thousandth of the size at most.
 */
void tracer__mount_limit(struct tracer *tracer, uint32_t index, uint64_t limit_pages);
/*
 * All but these are mounted no more: their slots and device numbers may come back, once no file names the slot: what
 * was detached from the tree lives on while a file is held.
 */
void tracer__forget_mounts(struct tracer *tracer, const uint32_t *devs, size_t count);
/* A record comes when they reach `pages`, one when no more inodes are free; 0: never. */
void tracer__arm_mount(struct tracer *tracer, uint32_t index, int64_t pages, uint64_t free_inodes);
/* A record comes when this cgroup's usage reaches `pages` (0: never more), while
 * FACT_CGROUP_WATCH is armed. 0 or -errno. */
int tracer__arm_cgroup(struct tracer *tracer, uint64_t id, uint64_t pages);
/* Of all that are armed, those stay that is_there tells of. */
void tracer__keep_cgroups(struct tracer *tracer, bool (*is_there)(const void *context, uint64_t id),
			  const void *context);
/* Attaches or detaches a late fact; idempotent. 0, -EOPNOTSUPP (no program), -errno. */
int tracer__arm(struct tracer *tracer, enum fact_id fact, bool on);
/*
 * The kernel's own number of whoever calls it, a child after fork() too, or -errno: in a pid namespace getpid() is
 * another. Numbers here are the kernel's wherever nothing else is said.
 */
int tracer__caller(const struct tracer *tracer);
/* The same of who opened it. */
uint32_t tracer__self(const struct tracer *tracer);
int tracer__follow(struct tracer *tracer, uint32_t pid);

/*
 * Runs an iterator to its end; *rows is grown with realloc and owned by the caller.
 * Returns the number of rows, -EOPNOTSUPP when the plan took another way, or -errno.
 */
int tracer__tasks(struct tracer *tracer, struct task_row **rows, size_t *capacity);
/* *mapped: false when the plan has no iterator for mappings */
int tracer__holders(struct tracer *tracer, struct holder_row **rows, size_t *capacity, bool *mapped);
/* Every process of our pid namespace; only with knobs.numbers, or after tracer__open_numbers. */
int tracer__numbers(struct tracer *tracer, struct number_row **rows, size_t *capacity);
/* root_fd: the directory of the topmost cgroup */
int tracer__cgroups(struct tracer *tracer, int root_fd, struct cgroup_row **rows, size_t *capacity);

/* The ring buffer: readable when there are records. */
int tracer__ring_fd(const struct tracer *tracer);
typedef void (*tracer_record_fn)(void *context, const void *data, size_t length);
/* who takes what is in it; once, before the first drain */
void tracer__set_taker(struct tracer *tracer, tracer_record_fn take, void *context);
/* All that is in it; of what comes meanwhile no more than it holds: a storm keeps nobody from the rest. 0 or -errno. */
int tracer__drain(struct tracer *tracer);

/* Bytes of kernel memory that the maps take, as the kernel tells (fdinfo memlock). */
uint64_t tracer__map_bytes(const struct tracer *tracer);

#endif
