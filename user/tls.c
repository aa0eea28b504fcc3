// SPDX-License-Identifier: GPL-2.0-only
#include "tls.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "http_library.h"

static gnutls_datum_t datum(char *text)
{
	return (gnutls_datum_t){ (unsigned char *)text, (unsigned)strlen(text) };
}

/* while it connects; what it shows it has the key of, GnuTLS sees to that. 0: it may, else the handshake fails */
static int verify_client(gnutls_session_t session)
{
	static char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st wanted = { .type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (unsigned char *)purpose };
	unsigned count = 0, faults = 0;

	if (!gnutls.certificate_get_peers(session, &count) || !count)
		return 0; /* whether there must be one is GnuTLS' affair, too */
	if (gnutls.certificate_verify_peers(session, &wanted, 1, &faults) < 0)
		return GNUTLS_E_CERTIFICATE_ERROR;
	return faults ? GNUTLS_E_CERTIFICATE_ERROR : 0;
}

void tls__ask_client(void *session, enum web_client_auth auth)
{
	bool must = auth == CLIENT_AUTH_ANY || auth == CLIENT_AUTH_VERIFY;

	if (auth == CLIENT_AUTH_NONE)
		return;
	gnutls.certificate_server_set_request(session, must ? GNUTLS_CERT_REQUIRE : GNUTLS_CERT_REQUEST);
	if (auth >= CLIENT_AUTH_VERIFY_IF_GIVEN)
		gnutls.session_set_verify_function(session, verify_client);
}

int tls__check(const struct web_config *config, char *error, size_t error_size)
{
	gnutls_certificate_credentials_t credentials;
	gnutls_datum_t certificate, key, ca;
	const char *what = "cert_file and key_file";
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
		if (err >= 0 && config->client_ca) {
			ca = datum(config->client_ca);
			what = "client_ca_file";
			err = gnutls.certificate_set_x509_trust_mem(credentials, &ca, GNUTLS_X509_FMT_PEM);
			err = err ? err : GNUTLS_E_NO_CERTIFICATE_FOUND;
		}
		gnutls.certificate_free_credentials(credentials);
	}
	if (err >= 0)
		return 0;
	snprintf(error, error_size, "%s cannot be used: %s", what, gnutls.strerror(err));
	return -EINVAL;
}
