/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that is new to the accounts is told to the user side once, with its path. */
#ifndef PAGETIDE_STORY_BPF_H
#define PAGETIDE_STORY_BPF_H

#include "compat.bpf.h"
#include "maps.bpf.h"

int story__file(__u32 file, __u32 tid);
/* name__end() of the file's first name, or NO_NAME */
__u32 story__name(__u64 mapping);

/* set by the user side: a refresh stops where a name finds no room, and goes on there */
extern bool refresh_waits;

/*
 * What happened is told once: a quarter of the ring is for that alone. A name can be told again: one that is not new
 * gets half of the ring, so that a file that soon is gone has the quarter between.
 */
static __always_inline bool has_room_for_name(bool fresh)
{
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) / (fresh ? 3 : 2) <
	       bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE) / 4;
}

#define NO_NAME 1
#define NAME_LEVELS 16 /* a folder further up can be renamed unseen, until the file's own name is told again */

/*
 * Changes when the file or a folder above it is renamed or moved, when it is unlinked or gets its
 * first name. The dentry's hash has the address of the folder's dentry in it as well (fs/namei.c:
 * full_name_hash), but for filesystems that bring a hash of their own.
 */
static __always_inline __u64 name__add(__u64 name, __u64 hash_len, __u64 above)
{
	name = (name << 5 | name >> 59) ^ hash_len ^ above << 17;
	return name * 0x9e3779b97f4a7c15ULL;
}

static __always_inline __u32 name__end(__u64 name)
{
	return name ^ name >> 32;
}

#endif
