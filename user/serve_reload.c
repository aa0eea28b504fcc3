// SPDX-License-Identifier: GPL-2.0-only
/*
 * The options are one struct that everybody looks at, so a change is seen by all at once. What needs a
 * restart keeps the strings of the start; only those of the file that was read last may be freed.
 */
#include "serve_reload.h"

#include <errno.h>
#include <string.h>

#include "config.h"
#include "say.h"
#include "text.h"

static int parse_again(const struct options *options, struct options *fresh, struct settings *settings, char *error,
		       size_t error_size)
{
	int count = 1; /* argv[0] is before the words */

	while (options->words[count - 1])
		count++;
	return config__parse_again(fresh, settings, count, options->words - 1, error, error_size);
}

static int apply(struct serve_reload *reload, const struct options *fresh, char *fixed, size_t fixed_size)
{
	struct options *now = reload->options, before = *now;
	int err = 0;

	config__take(now, fresh, fixed, fixed_size);
	if (!text__same(now->on_warn, before.on_warn))
		err = limitwatch__set_hook(reload->limits);
	if (err) {
		*now = before;
		return err;
	}
	if (!text__same(now->warn_at, before.warn_at) || now->warn_eta_seconds != before.warn_eta_seconds ||
	    now->warn_floor != before.warn_floor)
		limitwatch__set_levels(reload->limits);
	if (now->interval_seconds != before.interval_seconds)
		loop__set_interval(reload->loop, now->interval_seconds);
	return 0;
}

void serve_reload__config(struct serve_reload *reload)
{
	struct options fresh;
	struct settings settings;
	char error[1024], fixed[128];

	if (!reload->options->config)
		return;
	if (parse_again(reload->options, &fresh, &settings, error, sizeof(error))) {
		say("%s; what was read before stays", error);
		return;
	}
	if (apply(reload, &fresh, fixed, sizeof(fixed))) {
		settings__free(&settings); /* it was said */
		return;
	}
	if (fixed[0])
		say("%s: a change of these takes a restart: %s", reload->options->config, fixed);
	settings__free(&reload->settings);
	reload->settings = settings;
}

void serve_reload__close(struct serve_reload *reload)
{
	settings__free(&reload->settings);
}
