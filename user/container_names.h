/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which container a memory cgroup is, and what people call it. The path tells the id; the names
 * are read from the files that runtimes keep, once, and are kept for a while after the cgroup has
 * gone. A name that is not there yet is looked for again, less and less often, and asked of
 * docker's or podman's daemon if there is one (container_ask.h); its answer is in a later refresh.
 */
#ifndef PAGETIDE_CONTAINER_NAMES_H
#define PAGETIDE_CONTAINER_NAMES_H

#include <stdint.h>

#include "cgroup.h"
#include "container.h"
#include "container_config.h"

struct container_names;

/* What is known of one container. Strings are empty where nobody told. */
struct container_known {
	const char *cgroup; /* its topmost cgroup: the same container is the same cgroup and id */
	struct container_identity identity;
	struct container_label label;
	/* what people read and type: NAMESPACE/POD/CONTAINER, NAMESPACE/POD, a name, or a short id */
	char shown[3 * CONTAINER_LABEL_MAX];
};

/* root_fd: the root directory of the machine, borrowed. 0 or -ENOMEM. Close takes NULL. */
int container_names__open(struct container_names **names, int root_fd);
void container_names__close(struct container_names *names);

/* Looks for the names of all containers in the tree that have none yet. now_ns: any steady clock. */
void container_names__refresh(struct container_names *names, const struct cgroup_tree *tree, uint64_t now_ns);
/* For who reads once: takes what is answered in that time. */
void container_names__await(struct container_names *names, unsigned milliseconds);

/*
 * The innermost container, machine or pod that this cgroup is or is in; NULL: it is in none. What
 * it returns lives until the next refresh; no I/O. names may be NULL: then NULL.
 */
const struct container_known *container_names__find(const struct container_names *names, const char *cgroup_path);
/* changes when any name did */
uint64_t container_names__generation(const struct container_names *names);

#endif
