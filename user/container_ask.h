/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last way to a container's name: docker's or podman's daemon, asked at its socket, for those only that no file
 * names. It may hang, lie or be gone: one question at a time, each for a second at most, in a thread that begins with
 * the first question (after serve has given up its rights). What a daemon did not answer in time is not asked of it
 * again for a minute. Nothing here waits, but container_ask__wait.
 */
#ifndef PAGETIDE_CONTAINER_ASK_H
#define PAGETIDE_CONTAINER_ASK_H

#include <stdbool.h>
#include <stddef.h>

#include "container.h"
#include "container_config.h"

#define ASK_WAITING 64 /* questions at once; those beyond are asked for again at the next look */

struct container_ask;

struct container_answer {
	char id[CONTAINER_ID_MAX]; /* a container's or, of podman, a pod's */
	struct container_label label;
};

/* root_fd: the root directory of the machine, borrowed. 0 or -ENOMEM. Close takes NULL and does not wait for answers. */
int container_ask__open(struct container_ask **ask, int root_fd);
void container_ask__close(struct container_ask *ask);

/* Has it asked for, if there is a daemon that may know it and it is not asked for already. */
void container_ask__put(struct container_ask *ask, const struct container_identity *identity);
/* An answer that has come since; false: none. */
bool container_ask__take(struct container_ask *ask, struct container_answer *answer);
/* Until nothing is asked any more, at most so long. */
void container_ask__wait(struct container_ask *ask, unsigned milliseconds);

#endif
