/* SPDX-License-Identifier: GPL-2.0-only */
/* Where http listens: a descriptor that does not block, or -errno. */
#ifndef PAGETIDE_HTTP_SOCKET_H
#define PAGETIDE_HTTP_SOCKET_H

#include <stdbool.h>

/* whether http_socket__address() would take it */
bool http_socket__is_address(const char *text);
/* "ADDRESS:PORT", "[ADDRESS]:PORT"; -EINVAL: no such address. The port that it became, if 0 was given. */
int http_socket__address(const char *text, unsigned *port);
/*
 * A Unix socket for its owner alone; one that nobody listens at any more is replaced, and nothing else:
 * -EADDRINUSE where somebody listens, -ENOTSOCK where something other is.
 */
int http_socket__path(const char *path);

#endif
