/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes from the ring buffer (or a recording) to a record that can be trusted: its
 * length is checked before its meaning, strings are ended, an odd record is
 * counted and never fatal. Pure.
 */
#ifndef PAGETIDE_DECODE_H
#define PAGETIDE_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

struct decode_stats {
	uint64_t records;
	uint64_t odd; /* too short, of unknown type, or inconsistent: skipped */
};

/*
 * The record in data, or NULL when it is odd. Longer records than known are fine (a
 * newer kernel side appends). Strings within are terminated in place: data must be
 * writable, which the ring's memory as libbpf maps it is not; pass a copy.
 */
const struct record *decode(void *data, size_t length, struct decode_stats *stats);

/*
 * Components, leaf first, to "/a/b/c". Returns the length or -ENAMETOOLONG,
 * -EINVAL (a component is not ended). A cut path begins with "…/".
 */
int decode__path(const char *components, size_t length, unsigned flags, char *out, size_t size);

#endif
