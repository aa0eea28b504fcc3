// SPDX-License-Identifier: GPL-2.0-only
#include "web.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tls.h"

int web__protect(struct http *http, const char *path, bool again, char *error, size_t error_size)
{
	struct web_config *config;
	char why[256];
	int err = web_config__read(&config, path, again, error, error_size);

	if (err)
		return err;
	err = tls__check(config, why, sizeof(why));
	if (!err) {
		err = http__protect(http, config);
		snprintf(why, sizeof(why), "%s", strerror(-err));
	}
	if (!err)
		return 0;
	web_config__free(config);
	snprintf(error, error_size, "%s: %s", path, why);
	return err;
}
