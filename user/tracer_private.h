/* SPDX-License-Identifier: GPL-2.0-only */
/* What tracer.c and tracer_read.c share; nobody else includes it. */
#ifndef PAGETIDE_TRACER_PRIVATE_H
#define PAGETIDE_TRACER_PRIVATE_H

#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "pagetide.skel.h"
#include "tracer.h"

#define MAX_LINKS (FACTS * WAY_PROGRAMS)

enum iterator { ITERATE_TASKS, ITERATE_CGROUPS, ITERATE_OPEN, ITERATE_MAPPED, ITERATE_FILES, ITERATORS };

struct tracer {
	const struct plan *plan;
	struct pagetide_bpf *bpf;
	struct ring_buffer *ring;
	struct bpf_link *links[MAX_LINKS];
	int link_count;
	struct bpf_link *iterators[ITERATORS];
	struct file_slot *files;
	struct owner_slot *owners;
	struct mount_slot *mounts;
	uint32_t known_mounts;
	uint32_t file_slots, kept_slots, owner_slots;
	int lean_fd;
	tracer_record_fn take;
	void *take_context;
};

#endif
