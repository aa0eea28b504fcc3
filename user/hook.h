/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The user's command for warnings: run without a shell, one at a time, timed out, fed
 * on standard input, its failure told and never fatal. It never waits: the caller's
 * loop says when a child ended and when time has passed.
 */
#ifndef PAGETIDE_HOOK_H
#define PAGETIDE_HOOK_H

#include <stdint.h>
#include <sys/types.h>

#define HOOK_WORDS 64
#define HOOK_WAITING 8
#define HOOK_INPUT_MAX 16384
#define HOOK_VARIABLES 16

struct hook_call {
	char input[HOOK_INPUT_MAX]; /* JSON, one line */
	size_t input_length;
	char variables[HOOK_VARIABLES][600]; /* "PAGETIDE_LIMIT=tmpfs"; the first "" ends them */
};

struct hook;

/*
 * command: words as a shell splits them, with '…', "…" and \, and nothing else of a shell.
 * 0, -EINVAL (no word, or a quote without its end), -E2BIG, -ENOMEM.
 */
int hook__open(struct hook **hook, const char *command, double timeout_seconds);
/* A command that still runs gets the rest of its time, but at most a second. Takes NULL. */
void hook__close(struct hook *hook);

/* Runs it, or keeps it until the one that runs has ended; the oldest waiting one gives way. */
void hook__run(struct hook *hook, const struct hook_call *call, uint64_t now_ns);
/* After SIGCHLD, and now and then: takes ends, ends what takes too long, starts what waits. */
void hook__look(struct hook *hook, uint64_t now_ns);

/* pure: splits text in place into words; their number, or -EINVAL, -E2BIG */
int hook__split(char *text, char **words, int cap);

#endif
