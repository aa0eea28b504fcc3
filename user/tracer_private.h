/* SPDX-License-Identifier: GPL-2.0-only */
/* What tracer.c and tracer_read.c share; nobody else includes it. */
#ifndef PAGETIDE_TRACER_PRIVATE_H
#define PAGETIDE_TRACER_PRIVATE_H

#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "books.h"
#include "wire.h" /* the skeleton names its types */
#include "pagetide.skel.h"
#include "tracer.h"

#define MAX_MOUNTS 1024 /* as the maps have it */
#define MOUNT_BATCH_MOST 64
#define MAX_LINKS (FACTS * WAY_PROGRAMS)

enum iterator { ITERATE_TASKS, ITERATE_CGROUPS, ITERATE_OPEN, ITERATE_MAPPED, ITERATE_NUMBERS, ITERATORS };

/* what a mount uses above what is counted: what was there before */
struct mount_base {
	int64_t pages, last_count;
	bool known;
};

struct tracer {
	const struct plan *plan;
	struct pagetide_bpf *bpf;
	struct ring_buffer *ring;
	struct bpf_link *links[MAX_LINKS];
	int link_count;
	struct bpf_link *late_links[FACTS]; /* tracer__arm() */
	struct bpf_link *iterators[ITERATORS];
	struct books_map files, charges, owners, mounts;
	uint32_t mount_devs[MAX_MOUNTS]; /* of the mounts' slots; 0: free */
	uint64_t mount_superblocks[MAX_MOUNTS];
	struct mount_base mount_bases[MAX_MOUNTS];
	bool mount_detached[MAX_MOUNTS]; /* mounted no more, but files are held */
	uint32_t file_slots, kept_slots, owner_slots;
	uint32_t lean_tables;
	uint32_t self; /* ourselves, in the kernel's numbers */
	tracer_record_fn take;
	void *take_context;
	uint64_t may_take;   /* bytes of the ring, in this drain */
	uint64_t names_came; /* ever, out of the ring */
};

/* Runs a program of SEC("raw_tp") once, here and now (BPF_PROG_TEST_RUN). What it returned, or -errno. */
int tracer__run_program(const struct bpf_program *program);

#endif
