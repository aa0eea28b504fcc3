// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs that do nothing, on the tracepoints that pagetide is attached to: what the
 * kernel's own clock around a program costs, which the bench takes off. Named after
 * pagetide's programs, so that each finds its floor by name.
 */
#define SEC(name) __attribute__((section(name), used))

#define EMPTY(program, tracepoint)                           \
	SEC("tp_btf/" tracepoint) int program(void *context) \
	{                                                    \
		return 0;                                    \
	}

EMPTY(cache_add_tracepoint, "mm_filemap_add_to_page_cache")
EMPTY(page_remove_tracepoint, "mm_filemap_delete_from_page_cache")
EMPTY(tmpfs_add_memcg, "mod_memcg_lruvec_state")
EMPTY(tmpfs_add_lru, "mm_lru_insertion")
EMPTY(fork_tracepoint, "sched_process_fork")
EMPTY(exec_tracepoint, "sched_process_exec")
EMPTY(exit_tracepoint, "sched_process_exit")
EMPTY(exit_late_tracepoint, "sched_process_exit")

char LICENSE[] SEC("license") = "GPL";
