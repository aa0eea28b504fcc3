/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file that says who may ask serve, and how it is encrypted, in the form that Prometheus' exporters
 * take: tls_server_config and basic_auth_users. What it does not know it refuses: half of a protection
 * is none.
 */
#ifndef PAGETIDE_WEB_CONFIG_H
#define PAGETIDE_WEB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#define WEB_HASH_LENGTH 60U /* of bcrypt */
#define WEB_COST_MOST 14    /* about a second of a processor for each wrong password */

struct web_user {
	char *name;
	char hash[WEB_HASH_LENGTH + 1];
};

/* of clients' certificates; as crypto/tls of Go, which the exporters use, has them */
enum web_client_auth {
	CLIENT_AUTH_NONE,    /* not asked for */
	CLIENT_AUTH_REQUEST, /* any, or none */
	CLIENT_AUTH_ANY,     /* any, but one */
	CLIENT_AUTH_VERIFY_IF_GIVEN,
	CLIENT_AUTH_VERIFY,
};

struct web_config {
	char *certificate, *key; /* PEM; NULL: without TLS */
	const char *priorities;  /* as GnuTLS takes them */
	char *client_ca; /* PEM of who may have signed clients' certificates; NULL where those are not verified */
	enum web_client_auth client_auth;
	struct web_user *users;
	size_t user_count;
};

/*
 * Certificate and key are read with it; their paths are relative to its folder. 0, or a line is in
 * error: -EINVAL is for what it says, another -errno for a file that cannot be read. Regular:
 * what is no regular file is not read.
 */
int web_config__read(struct web_config **config, const char *path, bool regular, char *error, size_t error_size);
void web_config__free(struct web_config *config); /* takes NULL; the key is wiped */

/* $2a$, $2b$ or $2y$, a cost from 4 to WEB_COST_MOST, salt and digest */
bool web_config__is_bcrypt(const char *hash);
/* what protects before and would not after: "TLS", or the like; NULL: nothing. Before may be NULL: nothing did. */
const char *web_config__loss(const struct web_config *before, const struct web_config *after);
/* that nothing has changed in how connections are made; NULL: none */
bool web_config__same_tls(const struct web_config *a, const struct web_config *b);

#endif
