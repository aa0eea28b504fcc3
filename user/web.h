/* SPDX-License-Identifier: GPL-2.0-only */
/* The file of --web-config, from its path to the daemon that it protects. */
#ifndef PAGETIDE_WEB_H
#define PAGETIDE_WEB_H

#include "http.h"

/*
 * Reads the file again and does as it says. 0, or all is as before and a line is in error: -EINVAL is
 * for what the file says, another -errno for one that cannot be read. One that takes away what
 * protects now is refused. Again: nothing may wait, so only regular files are read.
 */
int web__protect(struct http *http, const char *path, bool again, char *error, size_t error_size);

#endif
