/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libmicrohttpd and GnuTLS, loaded when they are needed: with all that GnuTLS needs they would cost every
 * other command 3 MiB. The static binary has libmicrohttpd built in, and no GnuTLS (tools/static).
 */
#ifndef PAGETIDE_HTTP_LIBRARY_H
#define PAGETIDE_HTTP_LIBRARY_H

#include <gnutls/gnutls.h>
#include <microhttpd.h>
#include <stdbool.h>

#define HTTP_FUNCTIONS(each)                                                                                           \
	each(start_daemon) each(stop_daemon) each(quiesce_daemon) each(run) each(get_timeout) each(get_daemon_info)    \
		each(get_connection_info) each(suspend_connection) each(resume_connection)                             \
			each(lookup_connection_value) each(basic_auth_get_username_password)                           \
				each(queue_basic_auth_fail_response) each(free) each(create_response_from_buffer)      \
					each(create_response_from_buffer_with_free_callback) each(add_response_header) \
						each(queue_response) each(destroy_response)
#define TLS_FUNCTIONS(each)                                                                           \
	each(check_version) each(certificate_allocate_credentials) each(certificate_set_x509_key_mem) \
		each(certificate_free_credentials) each(certificate_set_x509_trust_mem)               \
			each(certificate_server_set_request) each(session_set_verify_function)        \
				each(certificate_get_peers) each(certificate_verify_peers) each(strerror)

/* valid after http_library__load() gave true */
extern struct http_library {
#define HTTP_FUNCTION(name) __typeof__(MHD_##name) *name;
	HTTP_FUNCTIONS(HTTP_FUNCTION)
#undef HTTP_FUNCTION
} mhd;
extern struct tls_library {
#define TLS_FUNCTION(name) __typeof__(gnutls_##name) *name;
	TLS_FUNCTIONS(TLS_FUNCTION)
#undef TLS_FUNCTION
} gnutls;

/* false, after a line on standard error: they are not installed, or too old */
bool http_library__load(void);

#endif
