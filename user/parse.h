/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parsers of /proc, cgroup and mount text share: lines, decimal numbers, tables of keys.
 * Pure: no I/O, no allocation, no reading beyond the length given; buffers need no NUL at the end.
 */
#ifndef PAGETIDE_USER_PARSE_H
#define PAGETIDE_USER_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of somebody else's buffer; borrowed, never freed, not NUL-terminated. */
struct parse_span {
	const char *p;
	size_t len;
};

/*
 * Takes the next line off *rest into *line, without its newline. False at the end.
 * *ended, if not NULL, says whether the line had its newline (a cut file does not).
 */
bool parse__line(struct parse_span *rest, struct parse_span *line, bool *ended);

/* Takes the text before the next `sep` off *rest; the last piece has no `sep` behind it. */
bool parse__until(struct parse_span *rest, char sep, struct parse_span *piece);

bool parse__equals(struct parse_span span, const char *text);
bool parse__starts(struct parse_span span, const char *text);

/*
 * Takes a decimal number off the front of *rest (spaces and tabs before it are skipped).
 * Returns 0, -EINVAL (no digit there, a sign included) or -ERANGE (above 2^64 - 1).
 */
int parse__take_u64(struct parse_span *rest, uint64_t *out);

/* The whole span is one decimal number, nothing but white space around it. 0, -EINVAL, -ERANGE. */
int parse__whole_u64(struct parse_span span, uint64_t *out);

/*
 * Copies the span into dst, cut to cap - 1 bytes, NUL-terminated. Returns 0, or -ENAMETOOLONG
 * when it was cut, or -EINVAL when it has a NUL inside (dst is empty then).
 */
int parse__copy(struct parse_span span, char *dst, size_t cap);

/* A figure that a file may lack. Absent is not zero. */
struct parse_figure {
	bool has;
	uint64_t value;
};

enum parse_unit {
	PARSE_PLAIN, /* the number as it stands */
	PARSE_KIB,   /* "12 kB": the unit must be there; the value becomes bytes */
};

struct parse_key {
	const char *key; /* with its separator: "VmSize:", "total_rss " */
	size_t offset;   /* of the struct parse_figure in the struct that is filled */
	enum parse_unit unit;
};

/*
 * Fills the figures of `base` from lines "KEY NUMBER[ kB]". Figures not found, malformed or too
 * great for 64 bits keep has = false (the caller zeroes base). Of duplicate keys the first counts.
 * A last line without newline is not trusted: its number may be cut.
 */
void parse__keys(struct parse_span text, const struct parse_key *keys, size_t key_count, void *base);

#endif
