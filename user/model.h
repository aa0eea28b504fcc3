/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sole state of the user side: who lives, who has left what, which file is
 * called what. Fed with readings and records, in time order; builds snapshots and
 * events. No I/O and no clock: the same input gives the same output.
 */
#ifndef PAGETIDE_MODEL_H
#define PAGETIDE_MODEL_H

#include "event.h"
#include "reading.h"
#include "snapshot.h"

struct model;

struct model_settings {
	const char *host, *kernel, *tier;
	uint32_t page_bytes;
	uint32_t self_pid;         /* whose own pages are no events; 0: nobody */
	uint64_t boot_offset_ns;   /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	bool keep_gone;            /* `run`: files that are gone stay listed */
	bool page_events;          /* `trace`: cache and tmpfs events at each reading */
	uint32_t page_event_files; /* more changed files of one process become one event */
};

typedef void (*model_event_fn)(void *context, const struct event *event);

int model__open(struct model **model, const struct model_settings *settings, model_event_fn emit, void *context);
void model__close(struct model *model); /* takes NULL */

/* the clock was set: CLOCK_REALTIME - CLOCK_BOOTTIME is another */
void model__set_boot_offset(struct model *model, uint64_t offset_ns);

/* A record, decoded. Events that follow from it are emitted at once. 0 or -ENOMEM. */
int model__record(struct model *model, const struct record *record);

/* A reading. Returns the snapshot (valid until the next call), NULL without memory. */
const struct snapshot *model__update(struct model *model, const struct reading *reading);

/* What the last reading showed to be of no more use in the kernel's tables. */
struct model_garbage {
	const struct pair_key *pairs;
	size_t pair_count;
	const uint32_t *owners;             /* indexes … */
	const struct owner_key *owner_keys; /* … and who they were */
	size_t owner_count;
};
struct model_garbage model__garbage(const struct model *model);

/*
 * Names between readings; they live until the next record or reading. A file's path as people see
 * it, or inside its filesystem (*whole false); a cgroup's path. NULL: not known.
 */
const char *model__path_of(const struct model *model, uint32_t file, uint64_t birth_ns, bool *whole);
const char *model__cgroup_of(const struct model *model, uint64_t id, const char **container);
/* its name as the last record or reading had it */
const char *model__comm_of(const struct model *model, uint32_t pid, uint64_t start_ns);
/* whose mount namespace the last reading found that tmpfs in; NULL: no container's */
const char *model__mount_container(const struct model *model, uint32_t dev);
/* An event that is no record's: what is known of the process is filled in. pid 0: none. */
void model__tell(struct model *model, struct event *event, uint32_t pid, uint64_t start_ns);

uint64_t model__oom_kills(const struct model *model, bool followed_only);
/* processes that were followed, ever */
uint64_t model__followed(const struct model *model);
/* one of them lives, as far as the records and the last reading tell */
bool model__followed_alive(const struct model *model);

#endif
