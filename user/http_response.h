/* SPDX-License-Identifier: GPL-2.0-only */
/* An answer as libmicrohttpd takes it. Every one, a refusal too, tells browsers what they may do with it. */
#ifndef PAGETIDE_HTTP_RESPONSE_H
#define PAGETIDE_HTTP_RESPONSE_H

#include <microhttpd.h>
#include <stdbool.h>

#include "http.h"

/* The body is taken over, in any case. With status 401 a browser asks for a password. MHD_NO: the connection ends. */
enum MHD_Result http_response__send(struct MHD_Connection *connection, struct http_response *response);
/* Whether so much of answers waits to be read that no more are made: a client may ask, and ask, and never read. */
bool http_response__too_many(void);
/* with a line that says why */
enum MHD_Result http_response__refuse(struct MHD_Connection *connection, unsigned status, const char *why);

#endif
