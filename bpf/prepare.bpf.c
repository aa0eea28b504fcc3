// SPDX-License-Identifier: GPL-2.0-only
/* Run by the user side: fills the stacks of free slots before anything is attached, and tells who asks. */
#include "compat.bpf.h"
#include "maps.bpf.h"

#define PREPARE_MOST 256

__u32 prepare_first = 0, prepare_count = 0, prepare_table = 0;

/* a function of its own: the verifier walks it once, not at every turn of the loop */
__noinline int push_slot(__u32 index)
{
	if (prepare_table == TABLE_OWNERS)
		return bpf_map_push_elem(&owners_free, &index, 0);
	if (index >= knob_files - knob_files_kept)
		return bpf_map_push_elem(&files_kept, &index, 0);
	return bpf_map_push_elem(&files_free, &index, 0);
}

/* pushes first + count - 1 down to first, so that low slots are taken first */
SEC("raw_tp")
int prepare_slots(void *ctx)
{
	for (__u32 i = 0; i < PREPARE_MOST && i < prepare_count; i++)
		push_slot(prepare_first + prepare_count - 1 - i);
	return 0;
}

/*
 * Returns who runs it as the kernel numbers processes, all of its events and rows among them: getpid() and fork()
 * tell the numbers of the caller's own pid namespace.
 */
SEC("raw_tp")
int tell_caller(void *ctx)
{
	return bpf_get_current_pid_tgid() >> 32;
}
