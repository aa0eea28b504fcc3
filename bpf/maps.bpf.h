/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps and knobs that every program shares. maps.bpf.c defines them; the
 * other objects see the same lines as extern and `bpftool gen object` joins them.
 * Sizes are defaults: the user side sets them before load.
 */
#ifndef PAGETIDE_MAPS_BPF_H
#define PAGETIDE_MAPS_BPF_H

#include "vmlinux.h"
#include "wire.h"
#include <bpf/bpf_helpers.h>

#ifndef MAP_SCOPE
#define MAP_SCOPE extern
#endif

#define MAX_CPUS 1024

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct file_slot);
} files SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct file_charge);
} charges SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u32);
} file_index SEC(".maps");

/* free slots; the second is kept for files that grew large while in the lean table */
MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 16384);
	__type(value, __u32);
} files_free SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 16384);
	__type(value, __u32);
} files_kept SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 32768);
	__type(key, struct pair_key);
	__type(value, struct pair);
} pairs SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct owner_slot);
} owners SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 16384);
	__type(key, struct owner_key);
	__type(value, __u32);
} owner_index SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_STACK);
	__uint(max_entries, 16384);
	__type(value, __u32);
} owners_free SEC(".maps");

/* made by the user side, the next when the last is half full: little is paid before */
struct lean_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__uint(key_size, sizeof(__u64));
	__uint(value_size, sizeof(struct lean_file));
};
MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, LEAN_TABLES);
	__type(key, __u32);
	__array(values, struct lean_map);
} lean SEC(".maps");

/* s_dev of a mount that the user side knows -> its slot */
MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, __u32);
} mount_index SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct mount_slot);
} mounts SEC(".maps");

/* a record under construction: the path walk needs more than a program's stack; twice, for the verifier */
struct scratch {
	struct record_file record[2];
	__u32 busy; /* a task that is preempted there has not done with it */
};
MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSSES);
	__type(key, __u32);
	__type(value, __u64);
} losses SEC(".maps");

MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} ring SEC(".maps");

/* process ids (thread groups) that `run -- CMD` and `trace -- CMD` follow */
MAP_SCOPE struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u32);
} followed SEC(".maps");

/* knobs, set before load: a program that is not needed costs nothing */
extern const volatile bool knob_unified;      /* cgroup v2 owns the memory controller */
extern const volatile bool knob_lazy_inserts; /* pages are seen late: the LRU way */
extern const volatile bool knob_story;        /* send records, not only keep the books */
extern const volatile __u32 knob_files, knob_files_kept, knob_owners;
extern const volatile bool knob_follow;     /* some process is followed */
extern const volatile bool knob_late_exits; /* an exit is told when its memory is gone */
extern const volatile __u32 knob_cpus;
extern const volatile __u64 knob_map_bytes; /* smallest mapping worth a record */

/* the reader's own process, as the kernel numbers it: known when the programs are loaded */
extern __u32 reader_pid;

/* grows with each new slot: an answer "not in the table" is good while it stands still */
extern __u64 file_generation;

/* how many lean tables there are, the files of each, and from how many on one more is asked for */
extern __u32 lean_tables;
extern __s64 lean_files[LEAN_TABLES], lean_room;
extern bool lean_asked;

/* by CPU: an element of a per-CPU map is a load further away, and the user side sees these in place */
extern struct streak streaks[STREAK_CPUS];

/* no slot from here on was ever used: the user side need not look there */
extern __u32 files_top, owners_top;

#endif
