// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of options, and what each does with its value. Nothing here looks at argv: a value is
 * a string that must be right as a whole, and one that is not is never guessed at.
 */
#include "options_table.h"

#include "columns.h"
#include "event.h"
#include "options_value.h"
#include "warner.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#define INTERVAL_MIN_SECONDS 0.01
#define SECONDS_MAX 31536000.0 /* a year */
#define PID_MAX_LIMIT 4194304  /* include/linux/threads.h */
#define FILES_MIN 16
#define FILES_MAX 16777216
#define SERIES_MIN 500
#define SERIES_MAX 1000000

struct word {
	const char *word;
	int value;
};

/* The value of one of a few words; else a complaint that lists them. */
static int one_of(const struct word *words, size_t count, const char *option, const char *value, int *out,
		  const struct complaint *c)
{
	char list[256] = "";

	for (size_t i = 0; i < count; i++) {
		if (strcmp(words[i].word, value) == 0) {
			*out = words[i].value;
			return 0;
		}
		value__append(list, sizeof(list), words[i].word);
	}
	return complain(c, "%s '%s' is not known: use one of %s", option, value, list);
}

static int parse_by(struct options *o, const char *value, const struct complaint *c)
{
	static const struct word words[] = {
		{ "process", VIEW_PROCESS }, { "container", VIEW_CONTAINER }, { "cgroup", VIEW_CGROUP },
		{ "mount", VIEW_MOUNT },     { "file", VIEW_FILE },           { "system", VIEW_SYSTEM },
		{ "all", VIEW_ALL },
	};
	int view, err = one_of(words, sizeof(words) / sizeof(words[0]), "--by", value, &view, c);

	if (!err)
		o->view = (enum view)view;
	return err;
}

static int parse_tier(struct options *o, const char *value, const struct complaint *c)
{
	static const struct word words[] = {
		{ "auto", TIER_AUTO },
		{ "tracepoint", TIER_TRACEPOINT },
		{ "fentry", TIER_FENTRY },
		{ "kprobe", TIER_KPROBE },
	};
	int tier, err = one_of(words, sizeof(words) / sizeof(words[0]), "--tier", value, &tier, c);

	if (!err)
		o->tier = (enum tier)tier;
	return err;
}

static int parse_event(struct options *o, const char *name, size_t len, const struct complaint *c)
{
	char list[256] = "";

	if (len == 3 && strncmp(name, "all", 3) == 0) {
		o->events = (1u << EVENT_TYPES) - 1;
		return 0;
	}
	for (unsigned int i = 0; i < EVENT_TYPES; i++) {
		if (strlen(event_names[i]) == len && strncmp(event_names[i], name, len) == 0) {
			o->events |= 1u << i;
			return 0;
		}
		if (i != EVENT_MARK) /* its name is taken; nothing emits one */
			value__append(list, sizeof(list), event_names[i]);
	}
	return complain(c, "--events has no event '%.*s': use a list of %s, or all", (int)(len < 40 ? len : 40), name,
			list);
}

static int parse_events(struct options *o, const char *value, const struct complaint *c)
{
	int err = 0;

	o->events = 0;
	o->events_given = true;
	while (!err) {
		size_t len = strcspn(value, ",");

		err = parse_event(o, value, len, c);
		if (!value[len])
			break;
		value += len + 1;
	}
	return err;
}

static int parse_number(const char *option, const char *value, uint64_t min, uint64_t max, uint64_t *out,
			const struct complaint *c)
{
	if (value__number(value, out) || *out < min || *out > max)
		return complain(c, "%s '%s' is not a whole number from %" PRIu64 " to %" PRIu64, option, value, min,
				max);
	return 0;
}

static int parse_seconds(const char *option, const char *value, double min, double *out, const struct complaint *c)
{
	if (value__seconds(value, out) || *out < min || *out > SECONDS_MAX)
		return complain(c,
				"%s '%s' is not a number of seconds: use a decimal like 0.5, at least %g, at most %.0f",
				option, value, min, (double)SECONDS_MAX);
	return 0;
}

static int parse_interval(struct options *o, const char *value, const struct complaint *c)
{
	return parse_seconds("--interval", value, INTERVAL_MIN_SECONDS, &o->interval_seconds, c);
}

static int parse_duration(struct options *o, const char *value, const struct complaint *c)
{
	return parse_seconds("--duration", value, INTERVAL_MIN_SECONDS, &o->duration_seconds, c);
}

static int parse_count(struct options *o, const char *value, const struct complaint *c)
{
	return parse_number("--count", value, 1, UINT32_MAX, &o->count, c);
}

static int parse_limit(struct options *o, const char *value, const struct complaint *c)
{
	o->limit_given = true;
	return parse_number("--limit", value, 0, UINT32_MAX, &o->limit, c);
}

static int parse_pid(struct options *o, const char *value, const struct complaint *c)
{
	uint64_t pid = 0;
	int err = parse_number("--pid", value, 1, PID_MAX_LIMIT, &pid, c);

	if (!err)
		o->pid = (uint32_t)pid;
	return err;
}

static int parse_max_files(struct options *o, const char *value, const struct complaint *c)
{
	return parse_number("--max-files", value, FILES_MIN, FILES_MAX, &o->max_files, c);
}

static int parse_min_bytes(struct options *o, const char *value, const struct complaint *c)
{
	if (options__size(value, &o->min_bytes))
		return complain(c, "--min-bytes '%s' is not a size: use bytes, or K, M, G or T as in 64K", value);
	return 0;
}

static int set_text(const char *option, const char *value, const char **out, const struct complaint *c)
{
	if (!value[0])
		return complain(c, "%s is empty: give it a value", option);
	*out = value;
	return 0;
}

static int parse_comm(struct options *o, const char *value, const struct complaint *c)
{
	return set_text("--comm", value, &o->comm, c);
}

static int parse_cgroup(struct options *o, const char *value, const struct complaint *c)
{
	struct statfs mount;
	bool has_v1 = !statfs(VALUE_CGROUP_V1, &mount) && mount.f_type == CGROUP_SUPER_MAGIC;

	return set_text("--cgroup", value__cgroup(value, has_v1), &o->cgroup, c);
}

static int parse_container(struct options *o, const char *value, const struct complaint *c)
{
	return set_text("--container", value, &o->container, c);
}

static int parse_sort(struct options *o, const char *value, const struct complaint *c)
{
	return set_text("--sort", value, &o->sort, c); /* checked when --by is known */
}

static int parse_output(struct options *o, const char *value, const struct complaint *c)
{
	return set_text("-o", value, &o->output, c);
}

static int parse_csv_file(struct options *o, const char *value, const struct complaint *c)
{
	return set_text("--csv", value, &o->csv_file, c);
}

static int set_format(struct options *o, enum format format, const struct complaint *c)
{
	if (o->format != FORMAT_TEXT && o->format != format)
		return complain(c, "--json and --csv exclude each other: give one of them");
	o->format = format;
	return 0;
}

static int parse_warn_at(struct options *o, const char *value, const struct complaint *c)
{
	unsigned int levels[WARNER_LEVELS];

	if (value__levels(value, levels, WARNER_LEVELS) < 0)
		return complain(
			c, "--warn-at '%s' is no list of levels: use up to %d percentages that grow, as in 80,90,95",
			value, WARNER_LEVELS);
	o->warn_at = value;
	return 0;
}

static int parse_warn_eta(struct options *o, const char *value, const struct complaint *c)
{
	return parse_seconds("--warn-eta", value, 0, &o->warn_eta_seconds, c);
}

static int parse_warn_floor(struct options *o, const char *value, const struct complaint *c)
{
	return parse_number("--warn-floor", value, 0, 100, &o->warn_floor, c);
}

static int parse_on_warn(struct options *o, const char *value, const struct complaint *c)
{
	return set_text("--on-warn", value, &o->on_warn, c);
}

static int parse_on_warn_test(struct options *o, const char *value, const struct complaint *c)
{
	(void)value;
	(void)c;
	o->on_warn_test = true;
	return 0;
}

static int parse_log(struct options *o, const char *value, const struct complaint *c)
{
	static const struct word words[] = { { "journal", 1 }, { "none", 0 } };
	int on = 0, err = one_of(words, sizeof(words) / sizeof(words[0]), "--log", value, &on, c);

	o->log_journal = on;
	return err;
}

static int parse_json(struct options *o, const char *value, const struct complaint *c)
{
	(void)value;
	return set_format(o, FORMAT_JSON, c);
}

static int parse_csv(struct options *o, const char *value, const struct complaint *c)
{
	(void)value;
	return set_format(o, FORMAT_CSV, c);
}

static int parse_verbose(struct options *o, const char *value, const struct complaint *c)
{
	(void)value;
	(void)c;
	o->verbose++;
	return 0;
}

static int parse_version(struct options *o, const char *value, const struct complaint *c)
{
	(void)value;
	(void)c;
	o->show_version = true;
	return 0;
}

static int parse_help(struct options *o, const char *value, const struct complaint *c)
{
	(void)value;
	(void)c;
	o->show_help = true;
	return 0;
}

static int parse_listen(struct options *o, const char *value, const struct complaint *c)
{
	const char *port = strrchr(value, ':');
	uint64_t number = 0;

	if (!port || port == value || value__number(port + 1, &number) || number > 65535)
		return complain(c, "--listen '%s' is not ADDRESS:PORT: use 127.0.0.1:9879, [::1]:9879 or 0.0.0.0:9879",
				value);
	return set_text("--listen", value, &o->listen, c);
}

static int parse_textfile(struct options *o, const char *value, const struct complaint *c)
{
	return set_text("--textfile", value, &o->textfile, c);
}

static int parse_config(struct options *o, const char *value, const struct complaint *c)
{
	return set_text("--config", value, &o->config, c);
}

static int parse_web_config(struct options *o, const char *value, const struct complaint *c)
{
	return set_text("--web-config", value, &o->web_config, c);
}

static int parse_max_series(struct options *o, const char *value, const struct complaint *c)
{
	return parse_number("--max-series", value, SERIES_MIN, SERIES_MAX, &o->max_series, c);
}

static int parse_socket(struct options *o, const char *value, const struct complaint *c)
{
	o->socket_given = true;
	return set_text("--socket", value, &o->socket, c);
}

static int parse_standalone(struct options *o, const char *value, const struct complaint *c)
{
	(void)value;
	(void)c;
	o->standalone = true;
	return 0;
}

#define WATCHING (FOR_STREAMS | FOR(COMMAND_EXPLAIN))
#define READINGS_AND_RUN (FOR_READINGS | FOR(COMMAND_RUN))
#define ASKING (FOR(COMMAND_SNAPSHOT) | FOR(COMMAND_EXPLAIN) | FOR(COMMAND_TOP) | FOR(COMMAND_TRACE))
#define FILTERED (FOR_READINGS | FOR(COMMAND_TRACE))

const struct option_row option_rows[] = {
	{ "json", 0, NULL, FOR_ALL & ~FOR(COMMAND_SERVE), "one JSON object; one a line where there are many",
	  parse_json },
	{ "csv", 0, NULL, FILTERED, "comma-separated rows: one table, or events", parse_csv },
	{ "csv", 0, "FILE", FOR(COMMAND_RUN), "the timeline as CSV, a line an interval", parse_csv_file },
	{ "interval", 0, "SECONDS", FOR_STREAMS | FOR(COMMAND_RUN) | FOR(COMMAND_SERVE),
	  "time between readings (1; serve 5)", parse_interval },
	{ "duration", 0, "SECONDS", WATCHING, "end after this time", parse_duration },
	{ "count", 0, "N", FOR_STREAMS, "end after N readings or events", parse_count },
	{ "by", 0, "VIEW", READINGS_AND_RUN, "process, container, cgroup, mount, file or system", parse_by },
	{ "sort", 0, "COLUMN", READINGS_AND_RUN, "order of the rows; names as in --json", parse_sort },
	{ "limit", 0, "N", READINGS_AND_RUN, "rows of each table; 0 is all", parse_limit },
	{ "pid", 0, "PID", FILTERED, "only this process", parse_pid },
	{ "comm", 0, "PATTERN", FILTERED, "only commands that match, as in a shell", parse_comm },
	{ "cgroup", 0, "PATH", FILTERED, "only this memory cgroup and those below it", parse_cgroup },
	{ "container", 0, "NAME", FILTERED, "only this container: its name or id", parse_container },
	{ "events", 0, "LIST", FOR(COMMAND_TRACE), "only these, as in mmap,exit,tmpfs", parse_events },
	{ "min-bytes", 0, "SIZE", FOR(COMMAND_TRACE), "smallest change worth a line (1M)", parse_min_bytes },
	{ "warn-at", 0, "PERCENTS", FOR_WARNERS, "levels of a limit that are warned of (80,90,95)", parse_warn_at },
	{ "warn-eta", 0, "SECONDS", FOR_WARNERS, "warn when full within that time (60; 0: never)", parse_warn_eta },
	{ "warn-floor", 0, "PERCENT", FOR_WARNERS, "never by time below this level (20)", parse_warn_floor },
	{ "on-warn", 0, "COMMAND", FOR_WARNERS, "run it for each warning, JSON on its input", parse_on_warn },
	{ "on-warn-test", 0, NULL, FOR_WARNERS, "run it once at the start with a sample", parse_on_warn_test },
	{ "log", 0, "WHERE", FOR_WARNERS, "journal: warnings to the system's log too", parse_log },
	{ "tier", 0, "TIER", FOR_ALL, "auto, tracepoint, fentry or kprobe (auto)", parse_tier },
	{ "max-files", 0, "N", FILTERED | FOR(COMMAND_RUN) | FOR(COMMAND_SERVE),
	  "files with a row of their own (16384)", parse_max_files },
	{ "output", 'o', "FILE", FOR_ALL & ~FOR(COMMAND_SERVE), "write there, whole or not at all", parse_output },
	{ "config", 0, "FILE", FOR(COMMAND_SERVE), "options in YAML, under their long names", parse_config },
	{ "listen", 0, "ADDRESS:PORT", FOR(COMMAND_SERVE), "where it is asked (127.0.0.1:9879)", parse_listen },
	{ "textfile", 0, "FILE", FOR(COMMAND_SERVE), "write the metrics there, too", parse_textfile },
	{ "web-config", 0, "FILE", FOR(COMMAND_SERVE), "TLS and passwords, as Prometheus' exporters",
	  parse_web_config },
	{ "max-series", 0, "N", FOR(COMMAND_SERVE), "at most about so many series (20000)", parse_max_series },
	{ "socket", 0, "PATH", FOR(COMMAND_SERVE) | ASKING, "of serve (/run/pagetide/pagetide.sock)", parse_socket },
	{ "standalone", 0, NULL, ASKING, "do not ask a running serve", parse_standalone },
	{ "verbose", 'v', NULL, FOR_ALL, "say what is done; twice says more", parse_verbose },
	{ "version", 0, NULL, FOR_ALL | FOR(COMMAND_NONE), "print the version", parse_version },
	{ "help", 'h', NULL, FOR_ALL | FOR(COMMAND_NONE), "print this help", parse_help },
};
const size_t option_count = sizeof(option_rows) / sizeof(option_rows[0]);

const struct command_row command_rows[] = {
	{ COMMAND_TOP, "top", "", "live view of whose memory it is" },
	{ COMMAND_SNAPSHOT, "snapshot", "", "one reading of everything, then exit" },
	{ COMMAND_TRACE, "trace", " [-- COMMAND...]", "events as they happen; of COMMAND only, if given" },
	{ COMMAND_RUN, "run", " -- COMMAND...", "run COMMAND, then tell what it did to memory" },
	{ COMMAND_EXPLAIN, "explain", "", "what fills memory, which limit ends when" },
	{ COMMAND_SERVE, "serve", "", "the daemon: metrics for Prometheus" },
	{ COMMAND_PROBES, "probes", "", "what this kernel allows, and what is lost" },
};
const size_t command_count = sizeof(command_rows) / sizeof(command_rows[0]);
