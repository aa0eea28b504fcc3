/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A limit that comes near, as it is told: whole in itself, nothing in it belongs to
 * a reading. Bytes are bytes; of inodes, `used` and `limit` count inodes.
 */
#ifndef PAGETIDE_WARNING_H
#define PAGETIDE_WARNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WARNING_CULPRITS 5
#define WARNING_TARGET_MAX 512
#define WARNING_PATH_MAX 256
#define WARNING_NAME_MAX 64
#define WARNING_ADVICE_MAX 512

enum warning_limit { WARNING_TMPFS, WARNING_TMPFS_INODES, WARNING_CGROUP, WARNING_SYSTEM, WARNING_LIMITS };
enum warning_reason { WARNING_BY_LEVEL, WARNING_BY_ETA, WARNING_SAMPLE };

extern const char *const warning_limit_names[];  /* "tmpfs", "tmpfs_inodes", "cgroup", "system" */
extern const char *const warning_reason_names[]; /* "level", "eta", "sample" */

/* a process, or several of one name, and what is theirs of the limited thing */
struct culprit {
	uint32_t pid; /* of several: the one with the most */
	uint64_t start_ns;
	uint64_t processes;
	char comm[16];
	char container[WARNING_NAME_MAX]; /* "": none */
	bool exited;
	uint64_t bytes;
	int64_t growth_bytes; /* within the last `seconds` */
	double seconds;
	uint64_t files, bytes_each;  /* bytes_each ABSENT: they differ, or there are none */
	uint64_t odd_files;          /* smaller than bytes_each: one may still be growing */
	uint64_t deleted_bytes;      /* of bytes: files without a name, still open somewhere */
	char path[WARNING_PATH_MAX]; /* the file; of several their folder; "": not known */
};

struct warning {
	uint64_t time_ns, boot_ns; /* of the crossing, as far as it is known */
	enum warning_limit limit;
	enum warning_reason reason;
	const char *limit_name; /* "size", "inodes", "max", "high", "available"; static */
	char target[WARNING_TARGET_MAX];
	char container[WARNING_NAME_MAX];
	uint64_t used, limit_value;
	uint64_t reclaimable_bytes;                /* of used; ABSENT: not known */
	bool limited_by_memory;                    /* of a tmpfs: the machine's memory ends before its size */
	unsigned level;                            /* percent, the highest that is reached; 0: none */
	double rate;                               /* net, a second; NaN: not known */
	double eta_seconds;                        /* NaN: not growing */
	struct culprit culprits[WARNING_CULPRITS]; /* largest growth first */
	size_t culprit_count;
	uint64_t unattributed; /* of used on a tmpfs, bytes or inodes: nobody is known who made it; ABSENT: not asked */
	char advice[WARNING_ADVICE_MAX];
};

#endif
