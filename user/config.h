/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line and the file that it names with --config, which gives what it leaves open. */
#ifndef PAGETIDE_CONFIG_H
#define PAGETIDE_CONFIG_H

#include "options.h"
#include "settings.h"

/*
 * 0, or a line is in error: -EINVAL is for what the command line or the file says, another -errno for
 * a file that cannot be read. The options keep strings of argv and of settings.
 */
int config__parse(struct options *options, struct settings *settings, int argc, char **argv, char *error,
		  size_t error_size);
/* The same where nothing may wait: of a file that is no regular one it is an error. */
int config__parse_again(struct options *options, struct settings *settings, int argc, char **argv, char *error,
			size_t error_size);

/*
 * What a running serve can change is taken over from fresh; of what it cannot, the names are written
 * to list, "" if there are none, and now keeps its own.
 */
void config__take(struct options *now, const struct options *fresh, char *list, size_t list_size);

#endif
