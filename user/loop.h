/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one place that waits: records, the interval's timer, signals, a key. Signals
 * are blocked and read as events, so nothing runs in a handler.
 */
#ifndef PAGETIDE_LOOP_H
#define PAGETIDE_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum loop_event {
	LOOP_TIMER = 1 << 0,
	LOOP_RECORDS = 1 << 1,
	LOOP_INPUT = 1 << 2,
	LOOP_QUIT = 1 << 3,   /* a signal that ends us, unless whoever started us ignores it */
	LOOP_RESIZE = 1 << 4, /* SIGWINCH */
	LOOP_CHILD = 1 << 5,  /* SIGCHLD */
	LOOP_END = 1 << 6,    /* the duration is over */
	LOOP_STOP = 1 << 7,   /* SIGTSTP; only with an input_fd, else it stops us as usual */
	LOOP_SIGNAL = 1 << 8, /* one that ends us or is ignored: for a command that we follow it is another matter */
};

struct loop {
	int epoll_fd, timer_fd, end_fd, signal_fd;
	sigset_t before; /* the mask to restore, and to give to a child */
	bool masked, has_ring;
	int patience_ms; /* with a ring: the longest that loop__wait waits */
	/* of the last loop__wait, bit n for signal n: those of LOOP_SIGNAL and, of them, those of LOOP_QUIT */
	uint32_t signals, ending;
	uint32_t from_tty; /* of them, sent by the kernel: the whole foreground group got them */
};

/* ring_fd and input_fd may be -1; duration_seconds 0: no end. 0 or -errno. */
int loop__open(struct loop *loop, double interval_seconds, double duration_seconds, int ring_fd, int input_fd);
void loop__close(struct loop *loop); /* a zeroed loop is fine */
/* From now on so often. */
void loop__set_interval(struct loop *loop, double seconds);
/* The next timer event at once; those after it as before. */
void loop__hurry(struct loop *loop);
/* After LOOP_STOP: stops this process, and returns when it goes on. */
void loop__stop(void);
/* Waits for something; returns an or of loop_event, or -errno. */
int loop__wait(struct loop *loop);

#endif
