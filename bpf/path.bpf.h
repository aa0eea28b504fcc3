/* SPDX-License-Identifier: GPL-2.0-only */
/* A dentry's own name, for records that have no room for its path. */
#ifndef PAGETIDE_PATH_BPF_H
#define PAGETIDE_PATH_BPF_H

#include "compat.bpf.h"
#include "wire.h"

/* into out[256], with its NUL; returns the bytes used, PATH_CUT in *flags if it is in a folder */
static __always_inline __u16 leaf_name(struct dentry *dentry, char *out, __u16 *flags)
{
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	long n = bpf_probe_read_kernel_str(out, 256, BPF_CORE_READ(dentry, d_name.name));

	*flags = n > 0 && (parent == dentry || BPF_CORE_READ(parent, d_parent) == parent) ? 0 : PATH_CUT;
	return n > 0 ? n : 0;
}

#endif
