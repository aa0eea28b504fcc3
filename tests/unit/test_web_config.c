// SPDX-License-Identifier: GPL-2.0-only
// needs: settings file
/* Who may ask serve: what a file gives, and that half of a protection is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "web_config.h"

#define DIGEST "abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ./012"
#define HASH "$2y$10$" DIGEST
#define PAIR "tls_server_config: {cert_file: cert.pem, key_file: key.pem"

static char folder[] = "/tmp/pagetide-web-XXXXXX", path[64], error[1024];

static void put(const char *name, const char *text)
{
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int read_text(struct web_config **config, const char *text)
{
	put("web.yml", text);
	error[0] = '\0';
	return web_config__read(config, path, false, error, sizeof(error));
}

static int set_up(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	put("cert.pem", "a certificate");
	put("key.pem", "a key");
	put("ca.pem", "who signs");
	return 0;
}

static int take_down(void **state)
{
	static const char *const names[] = { "web.yml", "cert.pem", "key.pem", "ca.pem" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static void whole(void **state)
{
	struct web_config *config, *other;
	char text[512];

	(void)state;
	snprintf(text, sizeof(text),
		 "tls_server_config:\n  cert_file: cert.pem\n  key_file: %s/key.pem\n  min_version: TLS13\n"
		 "  client_auth_type: NoClientCert\n"
		 "basic_auth_users:\n  alice: " HASH "\n  bob: $2b$04$" DIGEST "\n",
		 folder);
	assert_int_equal(read_text(&config, text), 0);
	assert_string_equal(config->certificate, "a certificate");
	assert_string_equal(config->key, "a key");
	assert_non_null(strstr(config->priorities, "TLS1.3"));
	assert_null(strstr(config->priorities, "TLS1.2"));
	assert_int_equal(config->user_count, 2);
	assert_string_equal(config->users[0].name, "alice");
	assert_string_equal(config->users[0].hash, HASH);
	assert_int_equal(read_text(&other, "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"), 0);
	assert_false(web_config__same_tls(config, other)); /* the version */
	assert_non_null(strstr(other->priorities, "TLS1.2"));
	web_config__free(config);
	assert_int_equal(read_text(&config, "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n"), 0);
	assert_true(web_config__same_tls(config, other));
	assert_false(web_config__same_tls(config, NULL));
	web_config__free(config);
	web_config__free(other);
}

static void clients(void **state)
{
	static const struct {
		const char *name;
		enum web_client_auth auth;
	} types[] = {
		{ "RequestClientCert", CLIENT_AUTH_REQUEST },
		{ "RequireAnyClientCert", CLIENT_AUTH_ANY },
		{ "RequireClientCert", CLIENT_AUTH_ANY },
		{ "VerifyClientCertIfGiven", CLIENT_AUTH_VERIFY_IF_GIVEN },
		{ "RequireAndVerifyClientCert", CLIENT_AUTH_VERIFY },
	};
	struct web_config *config, *before;
	char text[512];

	(void)state;
	assert_int_equal(read_text(&before, PAIR "}\n"), 0);
	assert_int_equal(before->client_auth, CLIENT_AUTH_NONE);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		snprintf(text, sizeof(text), PAIR ", client_auth_type: %s, client_ca_file: ca.pem}\n", types[i].name);
		assert_int_equal(read_text(&config, text), 0);
		assert_int_equal(config->client_auth, types[i].auth);
		assert_string_equal(config->client_ca, "who signs");
		assert_int_equal(web_config__same_tls(config, before), before->client_auth == config->client_auth);
		web_config__free(before);
		before = config;
	}
	put("ca.pem", "who else signs");
	assert_int_equal(read_text(&config, text), 0);
	assert_false(web_config__same_tls(config, before));
	web_config__free(before);
	web_config__free(config);
	put("ca.pem", "who signs");
}

/* what an emptied file would do to a serve that runs */
static void taken_away(void **state)
{
	static const char users[] = "basic_auth_users: {alice: " HASH "}\n",
			  others[] = "basic_auth_users: {bob: " HASH "}\n", tls[] = PAIR "}\n",
			  both[] = PAIR "}\nbasic_auth_users: {alice: " HASH "}\n",
			  clients[] = PAIR ", client_ca_file: ca.pem, client_auth_type: RequireAndVerifyClientCert}\n";
	static const struct {
		const char *before, *after, *what;
	} cases[] = {
		{ users, "", "every user" }, { users, tls, "every user" },
		{ both, tls, "every user" }, { tls, "", "TLS" },
		{ both, users, "TLS" },      { clients, tls, "the clients' certificates" },
		{ "", users, NULL },         { "", "", NULL },
		{ users, others, NULL },     { users, both, NULL },
		{ tls, both, NULL },         { clients, both, NULL },
	};
	struct web_config *before, *after;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *what;

		assert_int_equal(read_text(&before, cases[i].before), 0);
		assert_int_equal(read_text(&after, cases[i].after), 0);
		what = web_config__loss(before, after);
		if (!what != !cases[i].what || (what && strcmp(what, cases[i].what) != 0))
			fail_msg("%zu takes away %s", i, what ? what : "nothing");
		assert_null(web_config__loss(NULL, after));
		web_config__free(before);
		web_config__free(after);
	}
}

static void nothing(void **state)
{
	static const char *const texts[] = { "", "tls_server_config:\n",
					     "basic_auth_users: {}\ntls_server_config: {}\n" };
	struct web_config *config;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(read_text(&config, texts[i]), 0);
		assert_null(config->certificate);
		assert_int_equal(config->user_count, 0);
		assert_true(web_config__same_tls(config, NULL));
		web_config__free(config);
	}
	web_config__free(NULL);
}

static void refused(void **state)
{
	static const struct {
		const char *text, *says;
		int err;
	} cases[] = {
		{ "tls_server_config: {cert_file: cert.pem}\n", "has no key_file", -EINVAL },
		{ "tls_server_config: {key_file: key.pem}\n", "has no cert_file", -EINVAL },
		{ "tls_server_config: {cert_file: gone.pem, key_file: key.pem}\n", "gone.pem", -ENOENT },
		{ "tls_server_config: {cert_file: '', key_file: key.pem}\n", "this is no path", -EINVAL },
		{ "tls_server_config: {min_version: TLS10}\n", "use TLS12 or TLS13", -EINVAL },
		{ "tls_server_config: {client_ca_file: ca.pem}\n", "has no cert_file and key_file", -EINVAL },
		{ "tls_server_config: {client_auth_type: RequestClientCert}\n", "has no cert_file and key_file",
		  -EINVAL },
		{ PAIR ", client_ca_file: ca.pem}\n", "has a client_ca_file, but no client_auth_type", -EINVAL },
		{ PAIR ", client_ca_file: ca.pem, client_auth_type: NoClientCert}\n", "but no client_auth_type",
		  -EINVAL },
		{ PAIR ", client_auth_type: VerifyClientCertIfGiven}\n", "has no client_ca_file", -EINVAL },
		{ PAIR ", client_auth_type: RequireAndVerifyClientCert}\n", "has no client_ca_file", -EINVAL },
		{ PAIR ", client_auth_type: requestclientcert}\n", "client_auth_type: use NoClientCert", -EINVAL },
		{ PAIR ", client_auth_type: ''}\n", "client_auth_type: use NoClientCert", -EINVAL },
		{ PAIR ", client_ca_file: gone.pem}\n", "gone.pem, the client_ca_file of", -ENOENT },
		{ PAIR ", client_allowed_sans: [a]}\n", "there are only cert_file", -EINVAL },
		{ "tls_server_config: {cipher_suites: [X]}\n", "there are only cert_file", -EINVAL },
		{ "http_server_config: {http2: true}\n", "there are only tls_server_config", -EINVAL },
		{ "\nbasic_auth_user: {a: b}\n", "web.yml:2: basic_auth_user.a: there are only", -EINVAL },
		{ "\nbasic_auth_user: {}\n", "web.yml:2: basic_auth_user: there are only", -EINVAL },
		{ "basic_auth_users: alice\n", "there are only", -EINVAL },
		{ "tls_server_config: on\n", "there are only", -EINVAL },
		{ "basic_auth_users: {alice: secret}\n", "no bcrypt hash", -EINVAL },
		{ "basic_auth_users: {'a:b': " HASH "}\n", "no colon", -EINVAL },
	};
	struct web_config *config;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (read_text(&config, cases[i].text) != cases[i].err)
			fail_msg("%zu: another error, '%s'", i, error);
		assert_null(config);
		if (!strstr(error, cases[i].says))
			fail_msg("'%s' of %zu does not say '%s'", error, i, cases[i].says);
		assert_null(strstr(error, "secret"));
	}
}

static void hashes(void **state)
{
	static const char *const bad[] = {
		"",
		"$2y$10$",
		"$2y$10$" DIGEST "a",
		"$2x$10$" DIGEST,
		"$1y$10$" DIGEST,
		"$2y$03$" DIGEST,
		"$2y$15$" DIGEST,
		"$2y$1a$" DIGEST,
		"$2y$10-" DIGEST,
		"$2y$10$abcdefghijklmnopqrstuvABCDEFGHIJKLMNOPQRSTUVWXYZ./01!",
	};

	(void)state;
	assert_true(web_config__is_bcrypt("$2a$04$" DIGEST));
	assert_true(web_config__is_bcrypt("$2b$14$" DIGEST));
	assert_true(web_config__is_bcrypt(HASH));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(web_config__is_bcrypt(bad[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole),   cmocka_unit_test(clients), cmocka_unit_test(taken_away),
		cmocka_unit_test(nothing), cmocka_unit_test(refused), cmocka_unit_test(hashes),
	};

	return cmocka_run_group_tests(tests, set_up, take_down);
}
