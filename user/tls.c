// SPDX-License-Identifier: GPL-2.0-only
#include "tls.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "http_library.h"

static gnutls_datum_t datum(char *text)
{
	return (gnutls_datum_t){ (unsigned char *)text, (unsigned)strlen(text) };
}

int tls__check(const struct web_config *config, char *error, size_t error_size)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t certificate, key;
	int err;

	if (!config->certificate)
		return 0;
	if (!gnutls.check_version(NULL)) { /* tools/static */
		snprintf(error, error_size,
			 "tls_server_config: the static binary has no TLS: use the other one, or a "
			 "proxy that has it");
		return -EINVAL;
	}
	certificate = datum(config->certificate);
	key = datum(config->key);
	err = gnutls.certificate_allocate_credentials(&credentials);
	if (!err) {
		err = gnutls.certificate_set_x509_key_mem(credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
		gnutls.certificate_free_credentials(credentials);
	}
	if (err >= 0)
		return 0;
	snprintf(error, error_size, "cert_file and key_file cannot be used: %s", gnutls.strerror(err));
	return -EINVAL;
}
