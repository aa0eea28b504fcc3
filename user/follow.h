/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A command that pagetide starts and follows: held until the kernel side knows it,
 * then let go with its own signal mask and streams. Signals are passed on.
 */
#ifndef PAGETIDE_FOLLOW_H
#define PAGETIDE_FOLLOW_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tracer.h"

struct follow {
	pid_t pid;           /* in our pid namespace, for signals and its end */
	uint32_t kernel_pid; /* the kernel's own, for all that is shown */
	int go_fd, failed_fd;
	bool ended;
	int status; /* as waitpid gives it, once ended */
};

/* Forks; the child is followed, and waits. 0 or -errno. mask: what the child shall have. */
int follow__start(struct follow *follow, struct tracer *tracer, char *const *argv, const sigset_t *mask);
/*
 * Lets it go. 0; or -errno of exec (-ENOENT: no such command), and it has ended.
 * Returns when the command runs or has failed to.
 */
int follow__go(struct follow *follow);
/* Takes its end if it came. */
void follow__reap(struct follow *follow);
/* Sends it those signals, bit n for signal n, as struct loop has them. */
void follow__pass(const struct follow *follow, uint32_t signals);
/* Ends a child that was never let go. */
void follow__abandon(struct follow *follow);
/* What a shell would exit with. */
int follow__exit_status(int wait_status);
/* 127 or 126, for -errno of exec. */
int follow__exec_status(int err);

#endif
