// SPDX-License-Identifier: GPL-2.0-only
/* The order of things: options, then one command. Nothing is decided here. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/types.h>

#include "commands.h"
#include "config.h"
#include "dispositions.h"
#include "options.h"
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
	if (options.pid && kill((pid_t)options.pid, 0) && errno == ESRCH) {
		say("there is no process %u; ps lists those that run", options.pid);
		return EXIT_FAILED;
	}
	status = commands[options.command](&options);
	say__finish();
	settings__free(&settings);
	return status;
}
