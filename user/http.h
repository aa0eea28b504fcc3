/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The HTTP side of serve, on libmicrohttpd without threads: it runs when http__run is called, which
 * never waits. Slow, huge, malformed or many requests cost a bounded amount of memory and time.
 */
#ifndef PAGETIDE_HTTP_H
#define PAGETIDE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "web_config.h"

struct http;

struct http_request {
	const char *path;
	bool wants_openmetrics; /* of its Accept header */
	const char *words;      /* of the query; NULL: none */
	unsigned width;         /* of the query: columns of who asks; 0: not told */
	const char *since;      /* of the query; NULL: not told */
};

struct http_response {
	unsigned status; /* 200, … */
	const char *type;
	char *body; /* from malloc; taken over */
	size_t length;
};

/* Makes the body: 200, or 503 without one when write does not give 0. The caller says its type. */
void http__write(struct http_response *response, const struct http_request *request,
		 int (*write)(void *context, const struct http_request *request, FILE *out), void *context);

typedef void (*http_answer_fn)(void *context, const struct http_request *request, struct http_response *response);

/*
 * "ADDRESS:PORT", "[ADDRESS]:PORT", or the path of a Unix socket for its owner alone. 0; -EADDRINUSE;
 * -EINVAL: no such address; -ENOTSOCK: what is at the path is none; -errno of bind. Close takes NULL.
 */
int http__open(struct http **http, const char *listen, http_answer_fn answer, void *context);
void http__close(struct http *http);
/*
 * From now on so; web (NULL: everybody may ask, without TLS) is taken over if 0 is returned. With
 * another certificate open connections end and http__fd is another one. On an error, -ENOMEM or
 * -EINVAL (a certificate that cannot be used), all is as before.
 */
int http__protect(struct http *http, struct web_config *web);
/* what it is protected by; NULL: everybody may ask, without TLS */
const struct web_config *http__web(const struct http *http);
/* readable when there is something to run */
int http__fd(const struct http *http);
void http__run(struct http *http);
unsigned http__port(const struct http *http);

#endif
