/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits, watched: arms the kernel side, judges readings and urgent records, tells
 * warnings, refusals and kills as events and to where the user wants them. It must
 * never wait, and never touch what it warns of.
 */
#ifndef PAGETIDE_LIMITWATCH_H
#define PAGETIDE_LIMITWATCH_H

#include "collector.h"
#include "model.h"
#include "options.h"
#include "tracer.h"

struct limitwatch;

struct limits_counts {
	uint64_t warnings;
	uint64_t enospc, sigbus;                   /* all of them */
	uint64_t followed_enospc, followed_sigbus; /* of the command that is followed */
};

/*
 * Events go through the model to whoever gets the model's. All four must outlive it.
 * 0, -ENOMEM, or -EINVAL after a line on standard error (the command of --on-warn).
 */
int limitwatch__open(struct limitwatch **limits, const struct options *options, struct tracer *tracer,
		     struct collector *collector, struct model *model);
void limitwatch__close(struct limitwatch *limits); /* takes NULL */

/* the clock was set: CLOCK_REALTIME - CLOCK_BOOTTIME is another */
void limitwatch__set_boot_offset(struct limitwatch *limits, uint64_t offset_ns);
/* its options say other levels */
void limitwatch__set_levels(struct limitwatch *limits);
/* its options name another command: 0; or -EINVAL or -ENOMEM, and the one before stays */
int limitwatch__set_hook(struct limitwatch *limits);

/* A record, before the model gets it. */
void limitwatch__record(struct limitwatch *limits, const struct record *record);
/* An event on its way to the sink: what is known of limits is added to a kill. */
void limitwatch__decorate(struct limitwatch *limits, struct event *event);
/* After each reading. */
void limitwatch__snapshot(struct limitwatch *limits, const struct snapshot *snapshot);
/* Whenever the loop came round: polls what is due, looks after the hook. */
void limitwatch__look(struct limitwatch *limits);
/* in how many ms at the latest that should be */
int limitwatch__patience_ms(const struct limitwatch *limits);
/* a reading is wanted at once; asking clears it */
bool limitwatch__wants_reading(struct limitwatch *limits);
/* Seconds until it is full at the rate of now; NaN: it does not fill, or has no limit. */
double limitwatch__mount_eta(const struct limitwatch *limits, const struct snapshot_mount *mount);
double limitwatch__cgroup_eta(const struct limitwatch *limits, const struct snapshot_cgroup *cgroup);
struct limits_counts limitwatch__counts(const struct limitwatch *limits);
const struct history *limitwatch__history(const struct limitwatch *limits);
const struct warner *limitwatch__warner(const struct limitwatch *limits);

#endif
