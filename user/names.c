// SPDX-License-Identifier: GPL-2.0-only
/* The words for kinds of files and types of events, as users type and read them. */
#include "event.h"

const char *const warning_limit_names[] = {
	[WARNING_TMPFS] = "tmpfs",
	[WARNING_TMPFS_INODES] = "tmpfs_inodes",
	[WARNING_CGROUP] = "cgroup",
	[WARNING_SYSTEM] = "system",
};

const char *const warning_reason_names[] = {
	[WARNING_BY_LEVEL] = "level",
	[WARNING_BY_ETA] = "eta",
	[WARNING_SAMPLE] = "sample",
};

const char *const file_kind_names[] = {
	[FILE_KIND_FILE] = "file",
	[FILE_KIND_TMPFS] = "tmpfs",
	[FILE_KIND_MEMFD] = "memfd",
	[FILE_KIND_SYSV] = "sysv",
	[FILE_KIND_SHARED_ANON] = "shared_anon",
};

const char *const event_names[EVENT_TYPES] = {
	[EVENT_MMAP] = "mmap",     [EVENT_MUNMAP] = "munmap",   [EVENT_BRK] = "brk",         [EVENT_MREMAP] = "mremap",
	[EVENT_CACHE] = "cache",   [EVENT_TMPFS] = "tmpfs",     [EVENT_FORK] = "fork",       [EVENT_EXEC] = "exec",
	[EVENT_EXIT] = "exit",     [EVENT_OOM] = "oom",         [EVENT_WARNING] = "warning", [EVENT_ENOSPC] = "enospc",
	[EVENT_SIGBUS] = "sigbus", [EVENT_HUGETLB] = "hugetlb", [EVENT_MEMLOCK] = "memlock", [EVENT_MARK] = "mark",
	[EVENT_LOST] = "lost",
};
