/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libmicrohttpd, loaded when it is needed: with GnuTLS and what that needs it would cost every other
 * command 3 MiB. The static binary has it built in.
 */
#ifndef PAGETIDE_HTTP_LIBRARY_H
#define PAGETIDE_HTTP_LIBRARY_H

#include <microhttpd.h>
#include <stdbool.h>

#define HTTP_FUNCTIONS(each)                                                                                         \
	each(start_daemon) each(stop_daemon) each(run) each(get_daemon_info) each(lookup_connection_value)          \
	each(create_response_from_buffer) each(add_response_header) each(queue_response) each(destroy_response)

struct http_library {
#define HTTP_FUNCTION(name) __typeof__(MHD_##name) *name;
	HTTP_FUNCTIONS(HTTP_FUNCTION)
#undef HTTP_FUNCTION
};

/* valid after http_library__load() gave true */
extern struct http_library mhd;

/* false, after a line on standard error: it is not installed, or too old */
bool http_library__load(void);

#endif
