/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small YAML file as a flat list: names with text, at most one level of groups. What does not fit
 * that is refused with its line, never guessed at.
 */
#ifndef PAGETIDE_SETTINGS_H
#define PAGETIDE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

struct setting {
	char *group; /* what it stands under; NULL: nothing */
	char *name;
	char *value; /* of a list: its items with commas between; "": nothing was given, or an empty group */
	unsigned line;
};

struct settings {
	struct setting *rows;
	size_t count;
};

/*
 * 0, or a line is in error: -EINVAL is for what the file says, another -errno for a file that cannot
 * be read. A name that stands there twice is refused. Regular: what is no regular file is not read.
 */
int settings__read(struct settings *settings, const char *path, bool regular, char *error, size_t error_size);
void settings__free(struct settings *settings); /* a zeroed one is fine; values are wiped */

#endif
