/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The command line, once, as a constant struct. options.c holds the table of all
 * options: name, argument, which commands take it, help line, parser.
 */
#ifndef PAGETIDE_OPTIONS_H
#define PAGETIDE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "settings.h"

enum command {
	COMMAND_NONE,
	COMMAND_TOP,
	COMMAND_SNAPSHOT,
	COMMAND_TRACE,
	COMMAND_RUN,
	COMMAND_PROBES,
	COMMAND_EXPLAIN,
	COMMAND_SERVE,
};

enum format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };
enum view { VIEW_ALL, VIEW_SYSTEM, VIEW_PROCESS, VIEW_CONTAINER, VIEW_CGROUP, VIEW_MOUNT, VIEW_FILE };
enum tier { TIER_AUTO, TIER_TRACEPOINT, TIER_FENTRY, TIER_KPROBE };

#define EXIT_OK 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2
#define EXIT_NOT_ALLOWED 77 /* this kernel or these rights do not allow it */

struct options {
	enum command command;
	enum format format;
	enum view view;          /* --by; VIEW_ALL when not given */
	double interval_seconds; /* default 1, of serve 5 */
	double duration_seconds; /* 0: no end */
	uint64_t count;          /* readings or events; 0: no end */
	uint32_t pid;            /* 0: all */
	bool pid_in_kernel;      /* it was another's in /proc: pid_option.h */
	const char *comm;        /* shell pattern; NULL: all */
	const char *cgroup;      /* path, its descendants included; NULL: all */
	const char *container;   /* name, id or prefix of an id; NULL: all */
	const char *sort;        /* column name; NULL: the view's default */
	uint64_t limit;          /* rows; 0: all */
	bool limit_given;
	uint64_t min_bytes; /* of a mapping or change worth an event; default 1 MiB */
	uint32_t events;    /* bit per enum event_type */
	bool events_given;
	enum tier tier;
	const char *output;      /* -o; NULL: the command's default stream */
	const char *csv_file;    /* run --csv FILE */
	const char *config;      /* serve: a file of options; NULL: none */
	const char *listen;      /* serve: ADDRESS:PORT */
	const char *textfile;    /* serve: also write the metrics there; NULL: no */
	const char *web_config;  /* serve: who may ask, and TLS; NULL: everybody, without */
	uint64_t max_series;     /* serve: series of one page, about */
	uint64_t max_files;      /* --max-files: slots of the file table */
	const char *warn_at;     /* levels, "80,90,95" */
	double warn_eta_seconds; /* 0: never by time */
	uint64_t warn_floor;     /* percent */
	const char *on_warn;     /* --on-warn COMMAND; NULL: none */
	bool on_warn_test;
	bool log_journal; /* --log journal */
	int verbose;
	const char *socket; /* where serve is asked by our own commands */
	bool socket_given;
	bool standalone; /* a running serve is not asked */
	bool show_help, show_version;
	char **words; /* all of them behind the program's name; ended by NULL */
	char **argv;  /* after "--": the command to run; NULL: none */
	int argc;
};

/*
 * Parses argv[1..]. Returns 0, or -EINVAL after writing one line that says what
 * was wrong and what to do into error. The strings stay argv's.
 */
int options__parse(struct options *options, int argc, char **argv, char *error, size_t error_size);

/*
 * The same, and what a file at `path` says (row by row, under the long options' names) where the command
 * line says nothing. The strings of the rows are kept, too.
 */
int options__parse_over(struct options *options, const struct settings *settings, const char *path, int argc,
			char **argv, char *error, size_t error_size);

/* usage of one command, or of all with COMMAND_NONE */
void options__help(FILE *out, enum command command);

/* sizes with K, M, G, T suffixes (powers of 1024); 0 or -EINVAL */
int options__size(const char *text, uint64_t *bytes);

const char *options__command_name(enum command command);

#endif
