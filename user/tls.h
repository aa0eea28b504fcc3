/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What GnuTLS says of certificates before libmicrohttpd, which says nothing, gets them; and who may connect: libmicrohttpd
 * asks clients for certificates, but looks at none.
 */
#ifndef PAGETIDE_TLS_H
#define PAGETIDE_TLS_H

#include <stddef.h>

#include "web_config.h"

/* 0, or -EINVAL and why in error: they do not fit, or this binary is the static one, which has no TLS */
int tls__check(const struct web_config *config, char *error, size_t error_size);

/*
 * Of a connection that begins (session: gnutls_session_t): its client shows the certificate that is asked for, or the
 * handshake fails.
 */
void tls__ask_client(void *session, enum web_client_auth auth);

#endif
