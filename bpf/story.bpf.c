// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file's name, read once when the file is first seen (and again on rename):
 * its components from the leaf up to the root of its filesystem. The user side
 * puts the mount's path before it. Never called per page.
 */
#include "record.bpf.h"
#include "story.bpf.h"

static __always_inline struct dentry *first_dentry(struct inode *inode)
{
	__u64 node = (__u64)BPF_CORE_READ(inode, i_dentry.first);

	if (!node)
		return 0;
	if (bpf_core_field_exists(((struct dentry___flat *)0)->d_alias))
		return (void *)(node - bpf_core_field_offset(struct dentry___flat, d_alias));
	return (void *)(node - bpf_core_field_offset(struct dentry, d_u.d_alias));
}

__u32 story__name(__u64 mapping)
{
	struct dentry *dentry = first_dentry(BPF_CORE_READ((struct address_space *)mapping, host)), *above;
	__u64 name = 0;

	if (!dentry)
		return NO_NAME;
	for (int i = 0; i < NAME_LEVELS; i++) {
		above = BPF_CORE_READ(dentry, d_parent);
		name = name__add(name, BPF_CORE_READ(dentry, d_name.hash_len), as_number(above));
		if (above == dentry)
			break;
		dentry = above;
	}
	return name__end(name);
}

__noinline __u64 dentry_above(__u64 dentry)
{
	return (__u64)BPF_CORE_READ((struct dentry *)dentry, d_parent);
}

/* the dentry's name to the others in the scratch; its length with the NUL, 0: it does not fit */
__noinline int dentry_component(__u64 dentry, __u64 at)
{
	struct record_file *record;
	__u32 zero = 0;
	long n;

	record = bpf_map_lookup_elem(&scratch, &zero);
	if (!record || at > PATH_BYTES - 256)
		return 0;
	BOUNDED(at);
	n = bpf_probe_read_kernel_str(record->path + at, 256, BPF_CORE_READ((struct dentry *)dentry, d_name.name));
	return n > 0 ? n : 0;
}

/* in steps that the verifier walks once; returns the bytes used, PATH_CUT in *flags if it was deeper */
static __always_inline __u16 say_path(__u64 dentry, __u16 *flags)
{
	__u64 at = 0, above;
	int n;

	for (int i = 0; i < PATH_COMPONENTS; i++) {
		above = dentry_above(dentry);
		if (above == dentry && i)
			return at;
		n = dentry_component(dentry, at);
		if (!n)
			break;
		at += n;
		if (above == dentry)
			return at; /* memfd and its like: a name without a folder */
		dentry = above;
	}
	*flags = PATH_CUT;
	return at;
}

static __always_inline void tell(struct file_slot *slot, struct record_file *record, __u32 file, __u32 tid)
{
	struct address_space *mapping;
	struct dentry *dentry;
	struct inode *inode;
	__u16 flags = 0, bytes = 0;
	__u32 length;

	mapping = (void *)slot->mapping;
	inode = BPF_CORE_READ(mapping, host);
	dentry = first_dentry(inode);
	slot->name = story__name(slot->mapping);
	if (dentry) {
		bytes = say_path((__u64)dentry, &flags);
		if (!BPF_CORE_READ(dentry, d_hash.pprev) && BPF_CORE_READ(dentry, d_parent) != dentry)
			flags |= PATH_UNHASHED;
	}
	record->head.type = RECORD_FILE;
	record->head.tid = tid;
	record->head.time_ns = bpf_ktime_get_boot_ns();
	record->birth_ns = slot->birth_ns;
	record->ino = slot->ino;
	record->index = file;
	record->dev = slot->dev;
	record->flags = slot->flags;
	record->path_flags = flags;
	record->path_length = bytes;
	/* for the verifier, which knows of the second record behind it: all of PATH_BYTES may be used */
	length = sizeof(*record) - PATH_BYTES + (bytes & (2 * PATH_BYTES - 1));
	record->head.length = length;
	if (bpf_ringbuf_output(&ring, record, length, ring_flags()))
		slot->name = 0;
}

int story__file(__u32 file, __u32 tid)
{
	struct file_slot *slot = bpf_map_lookup_elem(&files, &file);
	struct scratch *mine;
	__u32 zero = 0;

	mine = bpf_map_lookup_elem(&scratch, &zero);
	if (!slot || !mine)
		return 0;
	/* busy: who is preempted here is the refresh, or a program that is skipped meanwhile */
	if (mine->busy || !has_room_for_name(tid)) {
		slot->name = 0; /* the next refresh tells it; gone before, it is counted as lost */
		return 0;
	}
	mine->busy = 1;
	barrier();
	tell(slot, mine->record, file, tid);
	barrier();
	mine->busy = 0;
	return 0;
}
