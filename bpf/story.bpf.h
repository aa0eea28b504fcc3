/* SPDX-License-Identifier: GPL-2.0-only */
/* A file that is new to the accounts is told to the user side once, with its path. */
#ifndef PAGETIDE_STORY_BPF_H
#define PAGETIDE_STORY_BPF_H

#include "compat.bpf.h"

int story__file(__u32 file, __u32 tid);
/* name_hash() of the file's first name, or NO_NAME */
__u32 story__name(__u64 mapping);

#define NO_NAME 1

/* changes when the file is renamed, moved, unlinked or gets its first name */
static __always_inline __u32 name_hash(__u64 hash_len, __u64 folder_ino)
{
	__u64 hash = (hash_len << 17 | hash_len >> 47) ^ folder_ino * 31;

	return hash ^ hash >> 32;
}

#endif
