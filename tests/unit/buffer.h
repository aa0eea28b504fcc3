/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fixtures in buffers of exactly their length, so that the sanitizer sees a read one byte beyond.
 */
#ifndef PAGETIDE_TESTS_UNIT_BUFFER_H
#define PAGETIDE_TESTS_UNIT_BUFFER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A literal with NULs inside keeps them. */
#define BYTES(literal) literal, sizeof(literal) - 1

/* For free(). */
static inline char *buffer__exact(const char *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);

	if (copy == NULL)
		abort();
	if (len)
		memcpy(copy, bytes, len);
	return copy;
}

/* A whole fixture file (from the directory in PAGETIDE_FIXTURES, else tests/fixtures); for free(). */
static inline char *buffer__fixture(const char *name, size_t *len)
{
	const char *dir = getenv("PAGETIDE_FIXTURES");
	char path[4096], *bytes = malloc(1 << 20), *exact;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir ? dir : "tests/fixtures", name);
	file = fopen(path, "r");
	if (file == NULL || bytes == NULL) {
		perror(path);
		abort();
	}
	*len = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	exact = buffer__exact(bytes, *len);
	free(bytes);
	return exact;
}

#endif
