/* SPDX-License-Identifier: GPL-2.0-only */
/* What the model_*.c share; nobody else includes it. */
#ifndef PAGETIDE_MODEL_PRIVATE_H
#define PAGETIDE_MODEL_PRIVATE_H

#include <limits.h>
#include <uthash.h>

#include "model.h"
#include "shares.h"

#define PATH_ROOM (PATH_MAX + PATH_BYTES)

/* an array that grows and is filled anew at each reading */
struct rows {
	void *data;
	size_t count, capacity;
};

struct pages_rest {
	uint64_t count, added, removed, resident; /* bytes */
};

struct process {
	struct owner_key key; /* (start, pid): the identity */
	UT_hash_handle hh;
	char comm[COMM_LENGTH];
	char *cmdline;
	char cmdline_comm[COMM_LENGTH]; /* what the process was called when that was read */
	uint32_t ppid, uid, flags;
	uint64_t cgroup;
	bool exited, exit_known, seen, has_mm, shares_mm, has_owner, exit_untold, exit_recorded;
	int exit_code;
	uint64_t exit_boot_ns, exec_boot_ns;
	uint64_t anon, file, shmem, swap, page_tables, locked, virtual_size, peak_rss;
	/* owned now and at the last reading; pages */
	uint64_t cache, tmpfs, tmpfs_swap, peak_cache, peak_tmpfs, cache_added, tmpfs_added;
	uint64_t last_resident, last_cache, last_tmpfs;
	bool has_last;
	uint32_t told;              /* page events of this interval, told one by one */
	struct pages_rest *rest[2]; /* cache, tmpfs: beyond those; NULL: nothing */
};

/* there are many: kept small */
struct file_state {
	uint64_t birth_ns;
	char *path; /* within the filesystem, "/a/b"; NULL: not known */
	char *full; /* as people see it */
	uint64_t namespace_id;
	uint32_t last_pages;
	uint32_t view_generation; /* the low half of the reading's */
	uint8_t kind;             /* enum file_kind */
	bool has_last;
	bool inside; /* path is the end of full, not memory of its own */
};

/* of a file, where events or files that are gone are told: trace, run */
struct file_past {
	uint64_t told_added, last_removed; /* pages */
	uint64_t owner_pages;              /* that the first owner had at the last reading */
	uint32_t owner;
	struct gone_file *gone;    /* it was gone before; NULL: not that anyone knows */
	struct owner_key follower; /* of the further owners that `run` follows one; start 0: none is known */
};

struct cgroup_state {
	uint64_t id;
	UT_hash_handle hh;
	char *path;
	struct snapshot_container *in; /* NULL: none */
	char *unit;                    /* systemd unit; NULL: none */
	uint64_t last_usage;
	bool has_last, seen;
};

struct mount_state {
	uint32_t dev;
	UT_hash_handle hh;
	uint64_t superblock; /* 0: not known */
	char *path;          /* NULL: no mount of the last reading's */
	bool mounted;
	uint64_t last_used, peak;
	uint64_t namespace_id, namespace_cgroup; /* of the last process seen in that namespace; 0: none */
	bool has_last;
	/* of this reading */
	uint64_t owned, booked, files;
	bool seen;
};

struct gone_group;
struct gone_file;
struct pair_state;

/* one owner of the file at hand */
struct part {
	uint32_t owner;
	uint64_t shares, pages, swapped;
	double rest;
};

struct owners_of_file {
	struct part *parts; /* grows; [0] is the slot's own */
	size_t count, capacity;
};

struct model {
	struct model_settings settings;
	model_event_fn emit;
	void *context;
	struct process *processes;
	struct cgroup_state *cgroups;
	struct mount_state *mounts;
	struct file_state *files;
	struct file_past *pasts; /* parallel to files; NULL: of no use here */
	uint32_t file_slots;
	struct gone_group *gone;
	struct gone_file *gone_named; /* of those, the files that may come back */
	struct pair_state *pair_states;
	struct rows gone_later; /* of struct gone_later */
	struct rows doubtful;   /* of struct doubtful */
	struct rows changes;    /* of the file at hand, of struct change */
	struct rows retired;    /* of void * */
	struct rows process_rows, cgroup_rows, mount_rows, file_rows, owner_rows, holder_pids, part_rows, loss_rows,
		garbage_pairs, garbage_owners, garbage_keys, other_owners;
	/* owner index -> process, of this reading */
	struct process **owners;
	uint32_t owner_slots;
	uint8_t *owner_used;
	struct snapshot snapshot;
	uint64_t last_boot_ns;
	uint64_t told_losses[LOSS_KINDS];
	uint64_t oom_kills, followed_oom_kills, followed;
	bool failed; /* out of memory while building */
};

/* model.c */
void *rows__add(struct model *model, struct rows *rows, size_t size);
/* free(3), at the next reading: the snapshot is shown until then, while records come. Only for what has a row in it. */
void model__retire(struct model *model, void *memory);
void model__free_process(struct process *process);
struct process *model__process(struct model *model, uint64_t start_ns, uint32_t pid, bool make);
uint64_t model__realtime(const struct model *model, uint64_t boot_ns);
double model__rate(const struct model *model, bool known, uint64_t now, uint64_t last, const struct reading *reading);
void model__tell_exit(struct model *model, struct process *process);
void model__emit(struct model *model, struct event *event, const struct process *process);

/* model_cgroups.c */
void model__cgroups(struct model *model, const struct reading *reading);
void model__free_cgroups(struct model *model);
const struct cgroup_state *model__cgroup(const struct model *model, uint64_t id);

/* model_containers.c */
struct snapshot_container *model__container(const struct container_known *known);
bool model__is_container(const struct snapshot_container *have, const struct container_known *known);

/* model_files.c: file rows, and what they mean for owners and mounts */
void model__files(struct model *model, const struct reading *reading);
/* model_owners.c */
void model__take_owners(struct model *model, const struct reading *reading);
struct process *model__owner(const struct model *model, uint32_t index);
/* the slot's owners into `of`; *pair walks the sorted pairs */
void model__find_owners(struct model *model, const struct reading *reading, uint32_t index, size_t *pair,
			struct owners_of_file *of);
/* adds to the processes and lists them; returns how many pages, swapped out or not, have a known owner */
uint64_t model__credit(struct model *model, const struct file_slot *slot, const struct owners_of_file *of,
		       size_t *first, size_t *count);
void model__sort_owners(struct model *model, size_t first, size_t count);
void model__collect_garbage(struct model *model, const struct reading *reading);
/* model_mounts.c */
struct mount_state *model__mount(struct model *model, uint32_t dev);
void model__note_mounts(struct model *model, const struct reading *reading);
/* where the last reading found it mounted, if it is a tmpfs; NULL */
const char *model__mount_path(const struct model *model, uint32_t dev);
void model__free_mounts(struct model *model);
void model__mount_rows(struct model *model, const struct reading *reading);
/* model_pages.c: events of pages */
void model__tell_file(struct model *model, const struct reading *reading, uint32_t index,
		      const struct owners_of_file *of);
void model__tell_gone(struct model *model, const struct record_file_gone *record, struct file_state *state);
void model__tell_rest(struct model *model, const struct reading *reading);
/* at a reading, once owners and pairs are known: those that were gone before it */
void model__note_pairs(struct model *model, const struct reading *reading);
void model__tell_all_gone(struct model *model, const struct reading *reading);
void model__free_pages(struct model *model);
/* model_names.c */
int model__name_file(struct model *model, const struct record_file *record);
struct file_state *model__file(struct model *model, uint32_t index, uint64_t birth_ns);
static inline struct file_past *model__past(const struct model *model, const struct file_state *state)
{
	return model->pasts ? &model->pasts[state - model->files] : NULL;
}
void model__complete_name(struct model *model, const struct reading *reading, uint32_t index);
const char *model__mapped_path(const struct record_map *record, char *out, size_t size);
void model__file_gone(struct model *model, const struct record_file_gone *record);
void model__free_names(struct model *model, struct file_state *state);
/* a path inside a filesystem as people see it; full is the caller's to free */
struct seen_name {
	char *full;
	uint64_t namespace_id;
	enum file_kind kind;
};
void model__seen_name(const struct reading *reading, uint32_t dev, uint32_t flags, const char *path,
		      struct seen_name *name);
/* the pairs of that use of its slot begin there, or what comes after them */
size_t model__first_pair(const struct reading *reading, const struct record_file_gone *record);
/* model_gone.c */
void model__gone_rows(struct model *model, const struct reading *reading);
/* adds to the row of a living file what it was before it was gone */
void model__join_gone(struct model *model, const struct file_slot *slot, struct file_state *state,
		      const struct owners_of_file *of, struct snapshot_file *row);
/* with `follower` as its owner */
void model__keep_gone(struct model *model, const struct record_file_gone *record, const char *path,
		      const struct process *follower);
void model__forget_past(struct model *model, struct file_past *past);
void model__free_gone(struct model *model);
/* model_touched.c: files of others that those who are followed had a part of */
void model__note_followers(struct model *model, const struct reading *reading);
/* it is kept if the next readings tell that it was one */
void model__doubt_gone(struct model *model, const struct record_file_gone *record, const char *path);
void model__settle_doubts(struct model *model, const struct reading *reading);
void model__free_doubts(struct model *model);
/* model_processes.c */
void model__tasks(struct model *model, const struct reading *reading);
void model__process_rows(struct model *model, const struct reading *reading);

static inline uint64_t pages_to_bytes(const struct model *model, uint64_t pages)
{
	return pages * model->settings.page_bytes;
}

static inline uint32_t dev_major(uint32_t dev)
{
	return dev >> 20;
}

static inline uint32_t dev_minor(uint32_t dev)
{
	return dev & 0xfffff;
}

#endif
