/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The accounts of a running serve, for a command that begins to trace: whose the pages are that were
 * there before. One machine, one build: the structs of wire.h go as they are, and who asks looks at
 * their sizes and the version first. Pure.
 */
#ifndef PAGETIDE_ACCOUNTS_H
#define PAGETIDE_ACCOUNTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "wire.h"

struct pair_row;

struct accounts_owner {
	uint32_t index; /* in the table of who tells */
	uint32_t pad;
	struct owner_slot slot;
};

/* of one side; the arrays are the caller's, or inside what was parsed */
struct accounts {
	const struct owner_slot *owner_slots; /* written: as in the map */
	const struct file_slot *files;
	const struct pair_row *pairs;
	size_t owner_count, file_count, pair_count;
	const struct accounts_owner *owners; /* parsed */
};

/* Only slots that are in use, and files that somebody owns. 0 or -errno. */
int accounts__write(FILE *out, const struct accounts *accounts);
/* 0, or -EINVAL: cut, or of another build. The arrays lie in data, which is aligned as malloc does. */
int accounts__parse(const void *data, size_t size, struct accounts *accounts);

#endif
