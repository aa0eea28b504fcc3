/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Output that never makes its writer wait: messages go through a thread of its own.
 * What waits is bounded; a message that finds no room is dropped as a whole, and
 * counted. A long one that nothing waits before goes out while it is written. One
 * thread calls these functions.
 */
#ifndef PAGETIDE_OUTBOX_H
#define PAGETIDE_OUTBOX_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define OUTBOX_MOST (4U << 20) /* bytes that may wait; one message alone may be longer */

struct outbox;

/* fd stays the caller's, and open until the outbox is closed. 0 or -errno. */
int outbox__open(struct outbox **box, int fd);
/* where a message is written, and no other one put before its end; fflush() it before it is sent */
FILE *outbox__stream(struct outbox *box);
/*
 * What was written to the stream is a message. 0; -ENOBUFS: there was no room, it is
 * dropped; another -errno: writing failed before, and nothing goes out any more.
 */
int outbox__send(struct outbox *box);
/* a message that is there already, as outbox__send() */
int outbox__put(struct outbox *box, const void *data, size_t length);
/* 0, or -errno of the write that failed */
int outbox__error(struct outbox *box);
uint64_t outbox__dropped(const struct outbox *box);
/* bytes that were taken and are not written yet */
uint64_t outbox__waiting(struct outbox *box);
/*
 * Waits until all is written; with patience_seconds, gives up when nothing could be
 * written for so long (0: waits for ever). 0, -ETIMEDOUT, or -errno of writing.
 */
int outbox__drain(struct outbox *box, double patience_seconds);
/* What still waits is lost. Takes NULL. */
void outbox__close(struct outbox *box);

#endif
