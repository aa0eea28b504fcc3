// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include <errno.h>
#include <string.h>

#include "options_value.h"
#include "text.h"

static int parse(struct options *options, struct settings *settings, int argc, char **argv, bool regular, char *error,
		 size_t error_size)
{
	int err = options__parse(options, argc, argv, error, error_size);
	const char *path = options->config;

	memset(settings, 0, sizeof(*settings));
	if (!path || options->show_help || options->show_version)
		return err;
	err = settings__read(settings, path, regular, error, error_size);
	if (!err)
		err = options__parse_over(options, settings, path, argc, argv, error, error_size);
	if (err)
		settings__free(settings);
	return err;
}

int config__parse(struct options *options, struct settings *settings, int argc, char **argv, char *error,
		  size_t error_size)
{
	return parse(options, settings, argc, argv, false, error, error_size);
}

int config__parse_again(struct options *options, struct settings *settings, int argc, char **argv, char *error,
			size_t error_size)
{
	return parse(options, settings, argc, argv, true, error, error_size);
}

void config__take(struct options *now, const struct options *fresh, char *list, size_t list_size)
{
	const struct {
		const char *name;
		bool same;
	} fixed[] = {
		{ "listen", text__same(now->listen, fresh->listen) },
		{ "socket", text__same(now->socket, fresh->socket) },
		{ "tier", now->tier == fresh->tier },
		{ "max-files", now->max_files == fresh->max_files },
		{ "log", now->log_journal == fresh->log_journal },
		{ "web-config", text__same(now->web_config, fresh->web_config) },
	};

	list[0] = '\0';
	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (!fixed[i].same)
			value__append(list, list_size, fixed[i].name);
	now->interval_seconds = fresh->interval_seconds;
	now->max_series = fresh->max_series;
	now->textfile = fresh->textfile;
	now->warn_at = fresh->warn_at;
	now->warn_eta_seconds = fresh->warn_eta_seconds;
	now->warn_floor = fresh->warn_floor;
	now->on_warn = fresh->on_warn;
	now->verbose = fresh->verbose;
}
