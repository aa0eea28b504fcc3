// SPDX-License-Identifier: GPL-2.0-only
#include "serve_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "explain_report.h"
#include "sink.h"

#define WORDS_MOST 128
#define READINGS_TO_EXPLAIN 6 /* fewer show no growth */

int serve_view__parse(char *words, struct options *options)
{
	static char program[] = "pagetide";
	static char *argv[WORDS_MOST + 1];
	char error[512], *save = NULL;
	int argc = 1;

	argv[0] = program;
	for (char *word = strtok_r(words, ASK_SEPARATOR, &save); word; word = strtok_r(NULL, ASK_SEPARATOR, &save)) {
		if (argc == WORDS_MOST)
			return -E2BIG;
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return options__parse(options, argc, argv, error, sizeof(error));
}

bool serve_view__is_due(const struct options *options, uint64_t readings, double watched_seconds)
{
	if (options->command == COMMAND_EXPLAIN)
		return readings >= READINGS_TO_EXPLAIN && watched_seconds >= explain_report__seconds(options);
	return options->command == COMMAND_SNAPSHOT;
}

int serve_view__write(FILE *out, const struct options *options, unsigned columns, const struct snapshot *snapshot,
		      const struct history *history, const struct warner *warner, double watched_seconds)
{
	char width[16];
	int err;

	if (options->command == COMMAND_EXPLAIN)
		return explain_report__write(out, options, snapshot, history, warner, watched_seconds);
	snprintf(width, sizeof(width), "%u", columns);
	setenv("COLUMNS", width, 1);
	err = sink__begin(out, options);
	return err ? err : sink__choose(options)->snapshot(out, snapshot, options);
}
