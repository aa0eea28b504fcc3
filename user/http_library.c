// SPDX-License-Identifier: GPL-2.0-only
#include "http_library.h"

#include <dlfcn.h>
#include <stddef.h>

#include "say.h"

#define LIBRARY "libmicrohttpd.so.12"

#ifdef PAGETIDE_STATIC

#define HTTP_FUNCTION(name) .name = MHD_##name,
struct http_library mhd = { HTTP_FUNCTIONS(HTTP_FUNCTION) };

bool http_library__load(void)
{
	return true;
}

#else

struct http_library mhd;

bool http_library__load(void)
{
	static const struct {
		const char *name;
		size_t offset;
	} functions[] = {
#define HTTP_FUNCTION(name) { "MHD_" #name, offsetof(struct http_library, name) },
		HTTP_FUNCTIONS(HTTP_FUNCTION)
	};
	void *library = dlopen(LIBRARY, RTLD_NOW); /* for good */

	for (size_t i = 0; library && i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(library, functions[i].name);

		if (!function) {
			say("serve needs a newer " LIBRARY ": this one has no %s", functions[i].name);
			return false;
		}
		*(void **)((char *)&mhd + functions[i].offset) = function;
	}
	if (!library)
		say("serve needs " LIBRARY ", which cannot be loaded: install Debian's libmicrohttpd12, or "
		    "use the static binary");
	return library != NULL;
}

#endif
