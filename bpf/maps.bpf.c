// SPDX-License-Identifier: GPL-2.0-only
/* The one definition of everything that maps.bpf.h declares, and the license. */
#define MAP_SCOPE
#include "maps.bpf.h"

const volatile bool knob_unified = false;
const volatile bool knob_lazy_inserts = false;
const volatile bool knob_story = true;
const volatile __u32 knob_files = 16384;
const volatile __u32 knob_files_kept = 4096;
const volatile __u32 knob_owners = 16384;
const volatile bool knob_follow = false;
const volatile bool knob_late_exits = false;
const volatile __u32 knob_cpus = 1;
const volatile __u64 knob_map_bytes = 1 << 20;

__u32 reader_pid = 0;

__u64 file_generation = 0;
__u32 files_top = 0, owners_top = 0;

struct streak streaks[STREAK_CPUS] = {};

__u32 lean_tables = 0;
__s64 lean_files[LEAN_TABLES] = {}, lean_room = 0;
bool lean_asked = false;

char LICENSE[] SEC("license") = "GPL";
