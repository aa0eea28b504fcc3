/* SPDX-License-Identifier: GPL-2.0-only */
/* A dentry's name as components, leaf first, each ended by NUL. */
#ifndef PAGETIDE_PATH_BPF_H
#define PAGETIDE_PATH_BPF_H

#include "compat.bpf.h"
#include "wire.h"

/* into out[room + 256]; returns the bytes used, PATH_CUT in *flags if it was deeper */
static __always_inline __u16 walk_up(struct dentry *dentry, char *out, __u32 room, __u16 *flags)
{
	struct dentry *parent;
	__u32 at = 0;
	long n;

	*flags = 0;
	for (int i = 0; i < PATH_COMPONENTS; i++) {
		parent = BPF_CORE_READ(dentry, d_parent);
		if (parent == dentry && i)
			return at;
		if (at > room)
			break;
		n = bpf_probe_read_kernel_str(out + at, 256, BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0)
			break;
		at += n;
		if (parent == dentry)
			return at; /* memfd and its like: a name without a folder */
		dentry = parent;
	}
	*flags = PATH_CUT;
	return at;
}

#endif
