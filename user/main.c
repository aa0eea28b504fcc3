// SPDX-License-Identifier: GPL-2.0-only
/* The order of things: options, then one command. Nothing is decided here. */
#include <errno.h>
#include <stdio.h>

#include "commands.h"
#include "config.h"
#include "dispositions.h"
#include "options.h"
#include "pid_option.h"
#include "say.h"

#ifndef PAGETIDE_VERSION
#define PAGETIDE_VERSION "0.1.0"
#endif

static int (*const commands[])(const struct options *) = {
	[COMMAND_TOP] = command__top,     [COMMAND_SNAPSHOT] = command__snapshot, [COMMAND_TRACE] = command__trace,
	[COMMAND_RUN] = command__run,     [COMMAND_PROBES] = command__probes,     [COMMAND_EXPLAIN] = command__explain,
	[COMMAND_SERVE] = command__serve,
};

int main(int argc, char **argv)
{
	struct settings settings;
	struct options options;
	struct pid_option pid;
	char error[1024];
	int status, err = config__parse(&options, &settings, argc, argv, error, sizeof(error));

	if (err) {
		say("%s", error);
		return err == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	}
	dispositions__take();
	if (options.show_version) {
		printf("pagetide %s\n", PAGETIDE_VERSION);
		return fflush(stdout) ? EXIT_FAILED : EXIT_OK;
	}
	if (options.show_help || options.command == COMMAND_NONE) {
		options__help(stdout, options.command);
		return fflush(stdout) ? EXIT_FAILED : EXIT_OK;
	}
	status = pid_option__resolve(&pid, &options);
	if (status == EXIT_OK)
		status = commands[options.command](&options);
	say__finish();
	pid_option__free(&pid);
	settings__free(&settings);
	return status;
}
