// SPDX-License-Identifier: GPL-2.0-only
#include "unit.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool ends(const char *text, size_t len, const char *end)
{
	size_t end_len = strlen(end);

	return len >= end_len && strncmp(text + len - end_len, end, end_len) == 0;
}

const char *unit__of(const char *path)
{
	while (*path == '/') {
		size_t len = strcspn(path + 1, "/");

		if (!ends(path + 1, len, ".slice"))
			return len && path[1 + len] == '\0' ? path : NULL;
		path += 1 + len;
	}
	return NULL;
}

const char *unit__name(const char *unit)
{
	size_t len = strlen(unit);

	return ends(unit, len, ".service") || ends(unit, len, ".scope") ? unit + 1 : unit;
}
