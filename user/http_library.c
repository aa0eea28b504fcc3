// SPDX-License-Identifier: GPL-2.0-only
#include "http_library.h"

#include <dlfcn.h>
#include <stddef.h>

#include "say.h"

#ifdef PAGETIDE_STATIC

#define HTTP_FUNCTION(name) .name = MHD_##name,
#define TLS_FUNCTION(name) .name = gnutls_##name,
struct http_library mhd = { HTTP_FUNCTIONS(HTTP_FUNCTION) };
struct tls_library gnutls = { TLS_FUNCTIONS(TLS_FUNCTION) };

bool http_library__load(void)
{
	return true;
}

#else

struct http_library mhd;
struct tls_library gnutls;

struct function {
	const char *name;
	size_t offset;
};

#define HTTP_FUNCTION(name) { "MHD_" #name, offsetof(struct http_library, name) },
#define TLS_FUNCTION(name) { "gnutls_" #name, offsetof(struct tls_library, name) },

static bool load(const char *file, const struct function *functions, size_t count, void *table)
{
	void *library = dlopen(file, RTLD_NOW); /* for good */

	if (!library) {
		say("serve needs %s, which cannot be loaded: install Debian's libmicrohttpd12, or use the static "
		    "binary",
		    file);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function) {
			say("serve needs another %s: this one has no %s", file, functions[i].name);
			return false;
		}
		*(void **)((char *)table + functions[i].offset) = function;
	}
	return true;
}

bool http_library__load(void)
{
	static const struct function of_http[] = { HTTP_FUNCTIONS(HTTP_FUNCTION) };
	static const struct function of_tls[] = { TLS_FUNCTIONS(TLS_FUNCTION) };

	return load("libmicrohttpd.so.12", of_http, sizeof(of_http) / sizeof(of_http[0]), &mhd) &&
	       load("libgnutls.so.30", of_tls, sizeof(of_tls) / sizeof(of_tls[0]), &gnutls);
}

#endif
