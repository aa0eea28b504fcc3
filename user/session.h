/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of pagetide: the kernel's facts, the plan, the tracer, the collector and
 * the model, opened in that order and closed in the other. Commands drive it.
 */
#ifndef PAGETIDE_SESSION_H
#define PAGETIDE_SESSION_H

#include <stdio.h>

#include "collector.h"
#include "decode.h"
#include "kernel.h"
#include "limitwatch.h"
#include "model.h"
#include "options.h"
#include "plan.h"
#include "tracer.h"

struct session {
	const struct options *options;
	struct kernel *kernel;
	struct plan plan;
	struct tracer *tracer;
	struct collector *collector;
	struct model *model;
	struct limitwatch *limits; /* NULL: nothing is traced */
	model_event_fn emit;       /* the command's */
	void *context;
	struct decode_stats decoded;
	bool tracing;
	char host[256];
	uint64_t boot_offset_ns; /* CLOCK_REALTIME - CLOCK_BOOTTIME */
	unsigned wants;          /* enum want, of each reading */
	uint64_t dropped_output; /* set by the command: what nobody took of what it told */
	int error;               /* the first error while draining */
	unsigned failures;       /* readings that failed, in a row */
	int failed_with;         /* the last one's -errno; 0: it did not fail */
};

struct session_needs {
	unsigned groups; /* enum fact_group */
	bool keep_gone, page_events, follow, cmdlines, holders;
	bool ask_accounts; /* of a running serve */
	model_event_fn emit;
	void *context;
};

/* Whether the rights that it takes are there: EXIT_OK, or another exit status after that line. */
int session__rights(const struct session_needs *needs);
/*
 * Opens everything and attaches. Returns an exit status (EXIT_OK, EXIT_FAILED,
 * EXIT_NOT_ALLOWED) after printing one line on standard error when it is not
 * EXIT_OK. session__close is legal in every case.
 */
int session__open(struct session *session, const struct options *options, const struct session_needs *needs);
void session__close(struct session *session);

/* Takes the records that wait. 0 or -errno. */
int session__drain(struct session *session);
/*
 * Call whenever the loop came round: what is due between readings. How long it may wait
 * goes into *patience_ms; true: a reading is wanted at once.
 */
bool session__look(struct session *session, int *patience_ms);
/* One reading, through the model; the kernel side's garbage is cleared. NULL: *err is -errno. */
const struct snapshot *session__read(struct session *session, unsigned wants, int *err);
/* After a reading that failed: whether the next one may be waited for (not for ever), or it is time to end. */
bool session__may_go_on(const struct session *session);
/*
 * The same for who has standard error, with what a reading and its use came to: 0 while the next one may be waited for,
 * said when the first in a row failed; else, and where no reading failed, err as it is.
 */
int session__go_on(const struct session *session, int err);
/* Of an error that ends a command: whether it was a reading's, which is said then. */
bool session__said_unread(const struct session *session, int err);

/* The books as they are, for another pagetide: accounts.h. 0 or -errno. */
int session__accounts(struct session *session, FILE *out);

#endif
