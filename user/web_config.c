// SPDX-License-Identifier: GPL-2.0-only
#include "web_config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "settings.h"
#include "text.h"

#define PEM_MOST ((size_t)1 << 20)
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

struct loading {
	struct web_config *config;
	const char *path;
	bool regular;
	char *error;
	size_t error_size;
};

static int refuse(const struct loading *loading, const struct setting *row, const char *what)
{
	snprintf(loading->error, loading->error_size, "%s:%u: %s%s%s: %s", loading->path, row->line,
		 row->group ? row->group : "", row->group ? "." : "", row->name, what);
	return -EINVAL;
}

bool web_config__is_bcrypt(const char *hash)
{
	static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	int cost;

	if (strlen(hash) != WEB_HASH_LENGTH || strncmp(hash, "$2", 2) != 0 || !strchr("aby", hash[2]) ||
	    hash[3] != '$' || hash[4] < '0' || hash[4] > '9' || hash[5] < '0' || hash[5] > '9' || hash[6] != '$')
		return false;
	cost = (hash[4] - '0') * 10 + hash[5] - '0';
	return cost >= 4 && cost <= WEB_COST_MOST && strspn(hash + 7, digits) == WEB_HASH_LENGTH - 7;
}

static int add_user(struct loading *loading, const struct setting *row)
{
	struct web_config *config = loading->config;
	struct web_user *users;

	if (!web_config__is_bcrypt(row->value))
		return refuse(loading, row,
			      "this is no bcrypt hash with a cost from 4 to 14: htpasswd -nBC 10 makes one");
	if (strchr(row->name, ':'))
		return refuse(loading, row, "a user's name has no colon");
	users = realloc(config->users, (config->user_count + 1) * sizeof(*users));
	if (!users)
		return -ENOMEM;
	config->users = users;
	memcpy(users[config->user_count].hash, row->value, WEB_HASH_LENGTH + 1);
	users[config->user_count].name = strdup(row->name);
	return users[config->user_count++].name ? 0 : -ENOMEM;
}

static int read_pem(struct loading *loading, const struct setting *row, char **out)
{
	const char *slash = strrchr(loading->path, '/');
	char path[PATH_MAX];
	size_t length;
	int err, n;

	n = snprintf(path, sizeof(path), "%.*s%s",
		     row->value[0] == '/' || !slash ? 0 : (int)(slash + 1 - loading->path), loading->path, row->value);
	if (n < 0 || (size_t)n >= sizeof(path) || !row->value[0])
		return refuse(loading, row, "this is no path");
	err = (loading->regular ? file__slurp_regular : file__slurp)(AT_FDCWD, path, PEM_MOST, out, &length);
	if (err)
		snprintf(loading->error, loading->error_size, "cannot read %s, the %s of %s: %s", path, row->name,
			 loading->path, err == -ENOTSUP ? "it is no regular file" : strerror(-err));
	return err;
}

static int set_version(struct loading *loading, const struct setting *row)
{
	if (strcmp(row->value, "TLS12") == 0)
		loading->config->priorities = TLS12;
	else if (strcmp(row->value, "TLS13") == 0)
		loading->config->priorities = TLS13;
	else
		return refuse(loading, row, "use TLS12 or TLS13");
	return 0;
}

static int set_client_auth(struct loading *loading, const struct setting *row)
{
	static const struct {
		const char *name;
		enum web_client_auth auth;
	} types[] = {
		{ "NoClientCert", CLIENT_AUTH_NONE },
		{ "RequestClientCert", CLIENT_AUTH_REQUEST },
		{ "RequireAnyClientCert", CLIENT_AUTH_ANY },
		{ "RequireClientCert", CLIENT_AUTH_ANY }, /* its old name */
		{ "VerifyClientCertIfGiven", CLIENT_AUTH_VERIFY_IF_GIVEN },
		{ "RequireAndVerifyClientCert", CLIENT_AUTH_VERIFY },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(row->value, types[i].name) == 0) {
			loading->config->client_auth = types[i].auth;
			return 0;
		}
	return refuse(loading, row,
		      "use NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven or "
		      "RequireAndVerifyClientCert");
}

static int take_tls(struct loading *loading, const struct setting *row)
{
	if (strcmp(row->name, "cert_file") == 0)
		return read_pem(loading, row, &loading->config->certificate);
	if (strcmp(row->name, "key_file") == 0)
		return read_pem(loading, row, &loading->config->key);
	if (strcmp(row->name, "min_version") == 0)
		return set_version(loading, row);
	if (strcmp(row->name, "client_ca_file") == 0)
		return read_pem(loading, row, &loading->config->client_ca);
	if (strcmp(row->name, "client_auth_type") == 0)
		return set_client_auth(loading, row);
	return refuse(loading, row,
		      "there are only cert_file, key_file, min_version, client_ca_file and client_auth_type");
}

static int take(struct loading *loading, const struct setting *row)
{
	static const char tls[] = "tls_server_config", users[] = "basic_auth_users";

	if (row->group && strcmp(row->group, tls) == 0)
		return take_tls(loading, row);
	if (row->group && strcmp(row->group, users) == 0)
		return add_user(loading, row);
	if (!row->group && !row->value[0] && (strcmp(row->name, tls) == 0 || strcmp(row->name, users) == 0))
		return 0;
	return refuse(loading, row, "there are only tls_server_config and basic_auth_users, each with names below it");
}

/* what is wrong with it as a whole; NULL: nothing */
static const char *find_fault(const struct web_config *config)
{
	if (!config->certificate != !config->key)
		return config->key ? "has no cert_file" : "has no key_file";
	if (!config->certificate && (config->client_ca || config->client_auth != CLIENT_AUTH_NONE))
		return "asks clients for certificates, but has no cert_file and key_file";
	if (!config->client_ca && config->client_auth >= CLIENT_AUTH_VERIFY_IF_GIVEN)
		return "verifies clients' certificates, but has no client_ca_file";
	if (config->client_ca && config->client_auth == CLIENT_AUTH_NONE)
		return "has a client_ca_file, but no client_auth_type that asks for a certificate";
	return NULL;
}

static int check(const struct loading *loading)
{
	const char *fault = find_fault(loading->config);

	if (!fault)
		return 0;
	snprintf(loading->error, loading->error_size, "%s: tls_server_config %s", loading->path, fault);
	return -EINVAL;
}

int web_config__read(struct web_config **out, const char *path, bool regular, char *error, size_t error_size)
{
	struct loading loading = { calloc(1, sizeof(*loading.config)), path, regular, error, error_size };
	struct settings settings = {};
	int err = loading.config ? 0 : -ENOMEM;

	snprintf(error, error_size, "%s: %s", path, strerror(ENOMEM));
	if (!err)
		err = settings__read(&settings, path, regular, error, error_size);
	if (!err)
		loading.config->priorities = TLS12;
	for (size_t i = 0; i < settings.count && !err; i++)
		err = take(&loading, &settings.rows[i]);
	if (!err)
		err = check(&loading);
	settings__free(&settings);
	if (err) {
		web_config__free(loading.config);
		loading.config = NULL;
	}
	*out = loading.config;
	return err;
}

void web_config__free(struct web_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->user_count; i++)
		free(config->users[i].name);
	if (config->key)
		explicit_bzero(config->key, strlen(config->key));
	free(config->users);
	free(config->certificate);
	free(config->key);
	free(config->client_ca);
	free(config);
}

/* passwords may stand for certificates of clients: somebody is asked for something still */
const char *web_config__loss(const struct web_config *before, const struct web_config *after)
{
	if (!before)
		return NULL;
	if (before->certificate && !after->certificate)
		return "TLS";
	if (before->user_count && !after->user_count)
		return "every user";
	if (before->client_auth == CLIENT_AUTH_VERIFY && after->client_auth != CLIENT_AUTH_VERIFY && !after->user_count)
		return "the clients' certificates";
	return NULL;
}

bool web_config__same_tls(const struct web_config *a, const struct web_config *b)
{
	static const struct web_config none;

	a = a && a->certificate ? a : &none;
	b = b && b->certificate ? b : &none;
	return text__same(a->certificate, b->certificate) && text__same(a->key, b->key) &&
	       text__same(a->priorities, b->priorities) && text__same(a->client_ca, b->client_ca) &&
	       a->client_auth == b->client_auth;
}
