// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line into one constant struct. It must never guess: what could be ours or the
 * command's is refused, with the words that make it clear.
 */
#include "options.h"

#include "columns.h"
#include "escape.h"
#include "options_table.h"
#include "options_value.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#define SHOWN_MAX 60 /* columns of what the user typed, in an error */
#define NAME_MAX_LENGTH 32

struct cursor {
	char **argv;
	int argc, at;
	struct options *options;
	struct complaint complaint;
};

int complain(const struct complaint *complaint, const char *format, ...)
{
	char raw[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);
	escape__text(complaint->text, complaint->size, raw);
	return -EINVAL;
}

/* What the user typed, so short and safe that the rest of the line is read too. */
static const char *shown(const char *text, char buf[SHOWN_MAX * 4 + 4])
{
	char safe[1024];

	escape__text(safe, sizeof(safe), text);
	escape__shorten(buf, SHOWN_MAX * 4 + 4, safe, SHOWN_MAX);
	return buf;
}

const char *options__command_name(enum command command)
{
	for (size_t i = 0; i < command_count; i++)
		if (command_rows[i].command == command)
			return command_rows[i].name;
	return "";
}

/* The beginning of a name, or one edit for every three letters of it. */
static bool is_near(const char *typed, const char *name)
{
	size_t len = strlen(typed);

	if (len >= 2 && strncmp(typed, name, len) == 0)
		return true;
	return value__distance(typed, name) <= (strlen(name) + 1) / 3;
}

static int command_at(const struct cursor *c, int at, enum command *command)
{
	char typed[SHOWN_MAX * 4 + 4], list[128] = "";
	const char *near = NULL;

	for (size_t i = 0; i < command_count; i++) {
		if (strcmp(command_rows[i].name, c->argv[at]) == 0) {
			*command = command_rows[i].command;
			return 0;
		}
		if (!near && is_near(c->argv[at], command_rows[i].name))
			near = command_rows[i].name;
		value__append(list, sizeof(list), command_rows[i].name);
	}
	if (near)
		return complain(&c->complaint, "'%s' is not a command: did you mean %s?", shown(c->argv[at], typed),
				near);
	return complain(&c->complaint, "'%s' is not a command: use one of %s", shown(c->argv[at], typed), list);
}

/* The row that `command` has under this name or letter; with any, of whatever command. */
static const struct option_row *find(const char *name, size_t len, char letter, enum command command, bool any)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (!any && !(row->commands & FOR(command)))
			continue;
		if (letter ? row->letter == letter : strlen(row->name) == len && strncmp(row->name, name, len) == 0)
			return row;
	}
	return NULL;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* Before the command is known: does this option take the next word? --csv before it does not. */
static bool takes_next(const char *word)
{
	const struct option_row *row;

	if (word[1] == '-')
		row = find(word + 2, strlen(word + 2), 0, COMMAND_NONE, true);
	else
		row = word[2] ? NULL : find(NULL, 0, word[1], COMMAND_NONE, true);
	return row && row->argument;
}

/* The index of the word that is the command; 0: there is none. */
static int find_command(const struct cursor *c)
{
	for (int i = 1; i < c->argc; i++) {
		if (strcmp(c->argv[i], "--") == 0)
			return 0;
		if (!is_option(c->argv[i]))
			return i;
		i += takes_next(c->argv[i]);
	}
	return 0;
}

static int unknown_option(const struct cursor *c, const char *word, const char *name, size_t len, char letter)
{
	enum command command = c->options->command;
	const struct option_row *other = find(name, len, letter, command, true);
	char typed[SHOWN_MAX * 4 + 4], bare[NAME_MAX_LENGTH] = "";
	const char *of = options__command_name(command);

	for (size_t i = 0; other && other->commands & FOR_ALL && i < command_count; i++)
		if (other->commands & FOR(command_rows[i].command) && command != COMMAND_NONE)
			return complain(&c->complaint, "%s does not take %s, %s does: leave it out", of,
					shown(word, typed), command_rows[i].name);
	if (other)
		return complain(&c->complaint, "%s needs a command before it: see pagetide --help", shown(word, typed));
	snprintf(bare, sizeof(bare), "%.*s", (int)(len < sizeof(bare) ? len : sizeof(bare) - 1), letter ? "" : name);
	for (size_t i = 0; !letter && i < option_count; i++)
		if ((command == COMMAND_NONE || option_rows[i].commands & FOR(command)) &&
		    is_near(bare, option_rows[i].name))
			return complain(&c->complaint, "unknown option %s: did you mean --%s?", shown(word, typed),
					option_rows[i].name);
	return complain(&c->complaint, "unknown option %s: pagetide %s%s--help lists them", shown(word, typed), of,
			of[0] ? " " : "");
}

/* Runs the row's parser; `attached`: the value in the same word, or NULL. */
static int take_value(struct cursor *c, const struct option_row *row, const char *attached)
{
	const char *value = attached;

	if (!row->argument && attached)
		return complain(&c->complaint, "--%s takes no value: leave out what is behind it", row->name);
	if (row->argument && !attached) {
		if (c->at + 1 >= c->argc)
			return complain(&c->complaint, "--%s needs a value: --%s %s", row->name, row->name,
					row->argument);
		value = c->argv[++c->at];
	}
	return row->parse(c->options, value, &c->complaint);
}

static int take_long(struct cursor *c)
{
	const char *word = c->argv[c->at], *name = word + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_row *row = find(name, len, 0, c->options->command, false);

	if (!row)
		return unknown_option(c, word, name, len, 0);
	return take_value(c, row, equals ? equals + 1 : NULL);
}

/* -v, -vv, -o FILE, -oFILE */
static int take_short(struct cursor *c)
{
	const char *word = c->argv[c->at];
	int err = 0;

	for (const char *letter = word + 1; *letter && !err; letter++) {
		const struct option_row *row = find(NULL, 0, *letter, c->options->command, false);

		if (!row)
			return unknown_option(c, word, NULL, 0, *letter);
		if (row->argument)
			return take_value(c, row, letter[1] ? letter + 1 : NULL);
		err = take_value(c, row, NULL);
	}
	return err;
}

/* A word of the command that could as well be an option of ours. */
static bool is_ours(const char *word)
{
	if (strcmp(word, "--") == 0)
		return true;
	if (!is_option(word))
		return false;
	if (word[1] == '-')
		return find(word + 2, strcspn(word + 2, "="), 0, COMMAND_RUN, false) != NULL;
	return word[2] == '\0' && find(NULL, 0, word[1], COMMAND_RUN, false) != NULL;
}

/* A word that is neither an option nor the command: of `run`, the command to run begins here. */
static int take_word(struct cursor *c)
{
	char typed[SHOWN_MAX * 4 + 4];
	const char *name = options__command_name(c->options->command);

	if (c->options->command != COMMAND_RUN)
		return complain(&c->complaint, "%s does not take the word '%s'%s", name, shown(c->argv[c->at], typed),
				c->options->command == COMMAND_TRACE ? ": put -- before a command to trace"
								     : ": leave it out");
	for (int i = c->at + 1; i < c->argc; i++)
		if (is_ours(c->argv[i]))
			return complain(&c->complaint, "is %s for pagetide or for the command? put -- between the two",
					shown(c->argv[i], typed));
	c->options->argv = c->argv + c->at;
	c->options->argc = c->argc - c->at;
	c->at = c->argc;
	return 0;
}

static int take_all(struct cursor *c, int command_index)
{
	int err = 0;

	for (c->at = 1; c->at < c->argc && !err; c->at++) {
		const char *word = c->argv[c->at];

		if (c->at == command_index)
			continue;
		if (strcmp(word, "--") == 0) {
			c->options->argv = c->argv + c->at + 1;
			c->options->argc = c->argc - c->at - 1;
			break;
		}
		err = !is_option(word) ? take_word(c) : word[1] == '-' ? take_long(c) : take_short(c);
	}
	return err;
}

static int check_sort(const struct options *o, const struct complaint *complaint)
{
	enum view view = o->view == VIEW_ALL ? VIEW_PROCESS : o->view;
	const struct columns *columns = columns__of(view);
	char typed[SHOWN_MAX * 4 + 4], list[1024] = "", name[64];

	if (!o->sort || columns__find(o->view, o->sort))
		return 0;
	for (size_t i = 0; i < columns->count; i++) {
		const char *key = columns->columns[i].key, *suffix = key ? strstr(key, "_bytes") : NULL;

		if (!key)
			continue;
		snprintf(name, sizeof(name), "%.*s",
			 (int)(suffix && !suffix[strlen("_bytes")] ? (size_t)(suffix - key) : strlen(key)), key);
		value__append(list, sizeof(list), name);
	}
	return complain(complaint, "--sort has no column '%s': --by %s has %s", shown(o->sort, typed), columns->name,
			list);
}

static int check(const struct options *o, const struct complaint *complaint)
{
	const char *name = options__command_name(o->command);

	if (o->show_help || o->show_version)
		return 0;
	if (o->command == COMMAND_NONE)
		return complain(
			complaint,
			"no command was given: use top, snapshot, trace, run, explain, serve or probes, or --help");
	if (o->command == COMMAND_RUN && o->argc == 0)
		return complain(complaint, "run needs a command: pagetide run -- COMMAND...");
	if (o->argv && o->command != COMMAND_RUN && o->command != COMMAND_TRACE)
		return complain(complaint, "%s does not run a command: leave out -- and what is behind it", name);
	if (o->argv && o->argc == 0)
		return complain(complaint, "there is no command behind --: give one, or leave -- out");
	if (o->argv && o->argv[0][0] == '\0')
		return complain(complaint, "the command to run is an empty word: name a program");
	if (o->on_warn_test && !o->on_warn)
		return complain(complaint, "--on-warn-test needs a command to test: --on-warn COMMAND");
	return check_sort(o, complaint);
}

/* as on the command line, but without a value a flag says nothing */
static int take_row(struct cursor *c, const struct setting *row)
{
	const struct option_row *option = find(row->name, strlen(row->name), 0, c->options->command, false);
	bool on = strcmp(row->value, "true") == 0;
	char typed[SHOWN_MAX * 4 + 4];

	if (row->group || !option)
		return complain(&c->complaint,
				"'%s' is no option of %s: use the names of its long options, as in listen",
				shown(row->group ? row->group : row->name, typed),
				options__command_name(c->options->command));
	if (strcmp(row->name, "config") == 0 || strcmp(row->name, "help") == 0 || strcmp(row->name, "version") == 0)
		return complain(&c->complaint, "%s belongs on the command line", row->name);
	if (option->argument)
		return option->parse(c->options, row->value, &c->complaint);
	if (!on && strcmp(row->value, "false") != 0)
		return complain(&c->complaint, "%s is true or false", row->name);
	return on ? option->parse(c->options, NULL, &c->complaint) : 0;
}

static int take_rows(struct cursor *c, const struct settings *settings, const char *path)
{
	char why[512];
	struct cursor inner = *c;

	inner.complaint = (struct complaint){ why, sizeof(why) };
	for (size_t i = 0; settings && i < settings->count; i++)
		if (take_row(&inner, &settings->rows[i]))
			return complain(&c->complaint, "%s:%u: %s", path, settings->rows[i].line, why);
	return 0;
}

int options__parse_over(struct options *options, const struct settings *settings, const char *path, int argc,
			char **argv, char *error, size_t error_size)
{
	struct cursor c = { .argv = argv, .argc = argc, .options = options, .complaint = { error, error_size } };
	int command_index, err = 0;

	*options = (struct options){
		.listen = "127.0.0.1:9879",
		.socket = "/run/pagetide/pagetide.sock",
		.words = argv + (argc > 0),
		.max_series = 20000,
		.min_bytes = 1 << 20,
		.max_files = 16384,
		.events = (1u << EVENT_TYPES) - 1,
		.warn_at = "80,90,95",
		.warn_eta_seconds = 60,
		.warn_floor = 20,
	};
	if (error_size)
		error[0] = '\0';
	command_index = find_command(&c);
	if (command_index)
		err = command_at(&c, command_index, &options->command);
	if (!err)
		err = take_rows(&c, settings, path);
	if (!err)
		err = take_all(&c, command_index);
	if (options->interval_seconds <= 0)
		options->interval_seconds = options->command == COMMAND_SERVE ? 5 : 1;
	return err ? err : check(options, &c.complaint);
}

int options__parse(struct options *options, int argc, char **argv, char *error, size_t error_size)
{
	return options__parse_over(options, NULL, NULL, argc, argv, error, error_size);
}
