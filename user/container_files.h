/* SPDX-License-Identifier: GPL-2.0-only */
/* The files of container runtimes, and of kubelet, below the root directory of a machine. */
#ifndef PAGETIDE_CONTAINER_FILES_H
#define PAGETIDE_CONTAINER_FILES_H

#include <sys/types.h>

#include "container.h"
#include "container_config.h"

#define ANY_OWNER ((uid_t)-1)

/* Fills what is still empty in *label. cgroup: the path that the identity came from. */
void container_files__find(int root_fd, const char *cgroup, const struct container_identity *identity,
			   struct container_label *label);

/* A regular file of a sane size that belongs to that user and is no link, for free(); NULL: not to be had. */
char *container_files__read(int dir_fd, const char *path, uid_t owner, size_t *len);

/*
 * Whether that cgroup is of a user's own manager, below "user@UID.service", and so the user's to make and to name: what
 * root's runtimes know of the id in its name is not said of it.
 */
bool container_files__is_of_user(const char *cgroup);

/* 64 lower-case hex digits */
bool container_files__is_id(const char *id);

#endif
