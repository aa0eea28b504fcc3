// SPDX-License-Identifier: GPL-2.0-only
#include "web.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tls.h"

int web__protect(struct http *http, const char *path, bool again, char *error, size_t error_size)
{
	struct web_config *config;
	const char *loss;
	char why[256];
	int err = web_config__read(&config, path, again, error, error_size);

	if (err)
		return err;
	loss = web_config__loss(http__web(http), config);
	if (loss) { /* a file that was emptied by mistake must not open what was closed */
		snprintf(why, sizeof(why), "it takes away %s, which takes a restart", loss);
		err = -EINVAL;
	}
	if (!err)
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
