/* SPDX-License-Identifier: GPL-2.0-only */
/* What GnuTLS says of a certificate before libmicrohttpd, which says nothing, gets it. */
#ifndef PAGETIDE_TLS_H
#define PAGETIDE_TLS_H

#include <stddef.h>

#include "web_config.h"

/* 0, or -EINVAL and why in error: they do not fit, or this binary is the static one, which has no TLS */
int tls__check(const struct web_config *config, char *error, size_t error_size);

#endif
