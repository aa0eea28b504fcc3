/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parser and the help text share: the table of options. Nobody else includes this. */
#ifndef PAGETIDE_OPTIONS_TABLE_H
#define PAGETIDE_OPTIONS_TABLE_H

#include "options.h"

#define FOR(command) (1u << (command))
#define FOR_READINGS (FOR(COMMAND_TOP) | FOR(COMMAND_SNAPSHOT))
#define FOR_STREAMS (FOR(COMMAND_TOP) | FOR(COMMAND_TRACE))
#define FOR_WARNERS (FOR(COMMAND_TOP) | FOR(COMMAND_TRACE) | FOR(COMMAND_RUN) | FOR(COMMAND_SERVE))
#define FOR_ALL                                                                                              \
	(FOR_READINGS | FOR(COMMAND_TRACE) | FOR(COMMAND_RUN) | FOR(COMMAND_PROBES) | FOR(COMMAND_EXPLAIN) | \
	 FOR(COMMAND_SERVE))

/* One line for the user; what is not printable in it was escaped. */
struct complaint {
	char *text;
	size_t size;
};

/* Writes the line; the strings may hold anything. Always -EINVAL. */
int complain(const struct complaint *complaint, const char *format, ...) __attribute__((format(printf, 2, 3)));

struct option_row {
	const char *name;     /* without "--" */
	char letter;          /* 0: none */
	const char *argument; /* as the help calls it; NULL: a flag */
	unsigned int commands;
	const char *help;
	int (*parse)(struct options *options, const char *value, const struct complaint *complaint);
};

struct command_row {
	enum command command;
	const char *name;
	const char *usage; /* after the options */
	const char *help;
};

extern const struct option_row option_rows[];
extern const size_t option_count;
extern const struct command_row command_rows[];
extern const size_t command_count;

#endif
