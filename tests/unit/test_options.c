// SPDX-License-Identifier: GPL-2.0-only
// needs: options options_table options_value options_help columns columns_tables columns_file columns_run columns_event names units escape columns_limits
/* The command line: what is accepted, and that every refusal is one printable line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "options.h"
#include "options_value.h"

#define WORDS_MAX 16
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define ARGS(...) ((const char *const[]){ "pagetide", __VA_ARGS__, NULL })
#define BIT(type) (1u << (type))

static char error[512];
static char *argv_copy[WORDS_MAX + 1];

static int parse(struct options *o, const char *const *words)
{
	int argc = 0;

	for (; words[argc]; argc++)
		argv_copy[argc] = (char *)(uintptr_t)words[argc];
	argv_copy[argc] = NULL;
	return options__parse(o, argc, argv_copy, error, sizeof(error));
}

static struct options accepted(const char *const *words)
{
	struct options o;

	if (parse(&o, words))
		fail_msg("refused: %s", error);
	assert_string_equal(error, "");
	return o;
}

/* One line without control characters that has `part` in it. */
static void refused(const char *const *words, const char *part)
{
	struct options o;

	assert_int_equal(parse(&o, words), -EINVAL);
	for (const char *c = error; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			fail_msg("byte %02x in an error", (unsigned char)*c);
	if (!strstr(error, part))
		fail_msg("'%s' does not say '%s'", error, part);
}

static void defaults(void **state)
{
	struct options o = accepted(ARGS("top"));

	(void)state;
	assert_int_equal(o.command, COMMAND_TOP);
	assert_int_equal(o.format, FORMAT_TEXT);
	assert_int_equal(o.view, VIEW_ALL);
	assert_true(o.interval_seconds > 0.999 && o.interval_seconds < 1.001);
	assert_true(o.duration_seconds < 0.001);
	assert_int_equal(o.count, 0);
	assert_int_equal(o.min_bytes, 1 << 20);
	assert_int_equal(o.tier, TIER_AUTO);
	assert_false(o.limit_given || o.events_given || o.show_help || o.show_version);
	assert_null(o.argv);
}

static void every_option(void **state)
{
	struct options o = accepted(ARGS("trace", "--json", "--interval", "0.25", "--duration=2.5s", "--count", "7",
					 "--pid=42", "--comm", "py*"));

	(void)state;
	assert_int_equal(o.format, FORMAT_JSON);
	assert_true(o.interval_seconds > 0.249 && o.interval_seconds < 0.251);
	assert_true(o.duration_seconds > 2.499 && o.duration_seconds < 2.501);
	assert_int_equal(o.count, 7);
	assert_int_equal(o.pid, 42);
	assert_string_equal(o.comm, "py*");

	o = accepted(ARGS("trace", "--csv", "--cgroup", "/a b", "--container=web", "--min-bytes", "64K", "--tier",
			  "fentry", "--max-files", "1000", "-o", "x"));
	assert_int_equal(o.format, FORMAT_CSV);
	assert_string_equal(o.cgroup, "/a b");
	assert_string_equal(o.container, "web");
	assert_int_equal(o.min_bytes, 65536);
	assert_int_equal(o.tier, TIER_FENTRY);
	assert_int_equal(o.max_files, 1000);
	assert_string_equal(o.output, "x");

	o = accepted(ARGS("snapshot", "--by=mount", "--sort", "used", "--limit", "0", "-vv", "-v", "-oFILE"));
	assert_int_equal(o.view, VIEW_MOUNT);
	assert_string_equal(o.sort, "used");
	assert_true(o.limit_given);
	assert_int_equal(o.limit, 0);
	assert_int_equal(o.verbose, 3);
	assert_string_equal(o.output, "FILE");
	assert_true(accepted(ARGS("--help")).show_help);
	assert_true(accepted(ARGS("run", "-h")).show_help);
	assert_true(accepted(ARGS("--version")).show_version);
}

static void options_before_the_command(void **state)
{
	struct options o = accepted(ARGS("--json", "--limit", "5", "-o", "top", "snapshot", "--pid", "3"));

	(void)state;
	assert_int_equal(o.command, COMMAND_SNAPSHOT);
	assert_int_equal(o.limit, 5);
	assert_int_equal(o.pid, 3);
	assert_string_equal(o.output, "top");
	refused(ARGS("--json"), "--json");
}

static void events(void **state)
{
	struct options o = accepted(ARGS("trace", "--events", "mmap,exit,tmpfs"));

	(void)state;
	assert_true(o.events_given);
	assert_int_equal(o.events, BIT(EVENT_MMAP) | BIT(EVENT_EXIT) | BIT(EVENT_TMPFS));
	assert_int_equal(accepted(ARGS("trace", "--events=all")).events, BIT(EVENT_TYPES) - 1);
	refused(ARGS("trace", "--events", "mmap,foo"), "use a list of mmap, munmap, brk");
	refused(ARGS("trace", "--events", "mma"), "'mma'");
	assert_null(strstr(error, "mark")); /* it is taken, and nothing emits one */
	assert_int_equal(accepted(ARGS("trace", "--events", "mark")).events, BIT(EVENT_MARK));
	refused(ARGS("trace", "--events", ""), "--events");
	refused(ARGS("trace", "--events", "mmap,"), "--events");
}

static void a_command_to_run(void **state)
{
	struct options o = accepted(ARGS("run", "--csv", "t.csv", "--json", "--", "python3", "--json"));

	(void)state;
	assert_string_equal(o.csv_file, "t.csv");
	assert_int_equal(o.format, FORMAT_JSON);
	assert_int_equal(o.argc, 2);
	assert_string_equal(o.argv[0], "python3");
	assert_string_equal(o.argv[1], "--json");
	assert_null(o.argv[2]);

	o = accepted(ARGS("run", "ls", "-l", "--all"));
	assert_int_equal(o.argc, 3);
	assert_string_equal(o.argv[0], "ls");
	refused(ARGS("run", "ls", "--json"), "--json for pagetide or for the command");
	refused(ARGS("run", "ls", "--csv=x"), "--csv=x");
	refused(ARGS("run", "ls", "-o", "x"), "-o");
	refused(ARGS("run", "ls", "--", "x"), "--");
	refused(ARGS("run"), "run -- COMMAND");
	refused(ARGS("run", "--"), "COMMAND");
	refused(ARGS("run", "--", ""), "empty");
	refused(ARGS("run", "--csv"), "--csv FILE");

	assert_int_equal(accepted(ARGS("trace", "--", "true")).argc, 1);
	refused(ARGS("trace", "true"), "put -- before");
	refused(ARGS("snapshot", "--", "ls"), "does not run a command");
	refused(ARGS("trace", "--"), "no command behind --");
}

static void near_misses(void **state)
{
	(void)state;
	refused(ARGS("snapsot"), "did you mean snapshot?");
	refused(ARGS("snap"), "did you mean snapshot?");
	refused(ARGS("tpo"), "did you mean top?");
	refused(ARGS("foo"), "use one of top, snapshot");
	refused(ARGS("top", "--jsno"), "did you mean --json?");
	refused(ARGS("top", "--intervall=3"), "did you mean --interval?");
	refused(ARGS("top", "--xyzzy"), "top --help");
	refused(ARGS("top", "-x"), "-x");
	refused(ARGS("snapshot", "--events", "mmap"), "trace does");
	refused(ARGS("", "x"), "not a command");
}

static void bad_values(void **state)
{
	static const char *const bad[][2] = {
		{ "--interval", "0" },
		{ "--interval", "-1" },
		{ "--interval", "1e3" },
		{ "--interval", "nan" },
		{ "--interval", "" },
		{ "--interval", " 1" },
		{ "--interval", "1m" },
		{ "--interval", "." },
		{ "--duration", "0x10" },
		{ "--count", "0" },
		{ "--count", "1.5" },
		{ "--count", "+1" },
		{ "--pid", "0" },
		{ "--pid", "-1" },
		{ "--pid", "4194305" },
		{ "--pid", "1 2" },
		{ "--limit", "-1" },
		{ "--limit", "1k" },
		{ "--by", "proces" },
		{ "--by", "" },
		{ "--tier", "raw" },
		{ "--comm", "" },
		{ "--cgroup", "" },
		{ "--container", "" },
		{ "--max-files", "0" },
		{ "--max-files", "1e9" },
		{ "--sort", "" },
		{ "--sort", "nope" },
		{ "--limit", "99999999999999999999999" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		refused(ARGS("top", bad[i][0], bad[i][1]), bad[i][0]);
	refused(ARGS("trace", "--min-bytes", "1Q"), "64K");
	refused(ARGS("top", "--json=1"), "takes no value");
	refused(ARGS("top", "--limit"), "--limit N");
	refused(ARGS("top", "--json", "--csv"), "exclude each other");
	refused(ARGS("top", "--by", "x"), "process, container, cgroup, mount, file, system, all");
	refused(ARGS("top", "word"), "'word'");
}

static void sort_columns(void **state)
{
	(void)state;
	accepted(ARGS("top", "--by", "file", "--sort", "bytes"));
	accepted(ARGS("top", "--sort", "rss"));
	accepted(ARGS("top", "--sort", "used_bytes")); /* of a mount: some view has it */
	refused(ARGS("top", "--by", "process", "--sort", "used"), "--by process has pid, ppid, start_time");
	refused(ARGS("top", "--sort", "used", "--by", "file"), "--by file has path");
}

static void errors_are_safe_and_short(void **state)
{
	char name[5000], tiny[8];
	struct options o;

	(void)state;
	refused(ARGS("top\n\033[31m\xff"), "top\\n\\x1b[31m\\xff");
	refused(ARGS("top", "--by", "a\nb\x01"), "a\\nb\\x01");
	refused(ARGS("top", "--sort", "\033]0;x\007"), "\\x1b]0;x\\x07");
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	refused(ARGS(name), "use one of top"); /* what to do is not cut off */
	refused(ARGS("top", name), "leave it out");
	argv_copy[0] = argv_copy[1] = name;
	argv_copy[2] = NULL;
	assert_int_equal(options__parse(&o, 2, argv_copy, tiny, sizeof(tiny)), -EINVAL);
	assert_int_equal(strlen(tiny), sizeof(tiny) - 1);
	assert_int_equal(options__parse(&o, 0, argv_copy, error, sizeof(error)), -EINVAL);
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "1K", 1024 },
		{ "1k", 1024 },
		{ "64KiB", 65536 },
		{ "2M", 2u << 20 },
		{ "3G", 3ull << 30 },
		{ "4TiB", 4ull << 40 },
		{ "16777215T", 16777215ull << 40 },
	};
	static const char *const bad[] = { "",
					   "K",
					   "-1",
					   "+1",
					   " 1",
					   "1 ",
					   "1B",
					   "1KB",
					   "1.5G",
					   "1Ki",
					   "1KiBx",
					   "1P",
					   "0x10",
					   "16777216T",
					   "18446744073709551615",
					   "18446744073709551616" };
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(options__size(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < COUNT(bad); i++)
		if (options__size(bad[i], &bytes) != -EINVAL)
			fail_msg("size '%s' was taken", bad[i]);
}

static void distances(void **state)
{
	(void)state;
	assert_int_equal(value__distance("", ""), 0);
	assert_int_equal(value__distance("abc", "abc"), 0);
	assert_int_equal(value__distance("tpo", "top"), 1);
	assert_int_equal(value__distance("", "top"), 3);
	assert_int_equal(value__distance("kitten", "sitting"), 3);
	assert_true(value__distance("a very long word, longer than any option is", "top") > 20);
}

/* Help fits 80 columns and names every option of the table. */
static void help_is_narrow(void **state)
{
	static const enum command commands[] = { COMMAND_NONE,  COMMAND_TOP, COMMAND_SNAPSHOT,
						 COMMAND_TRACE, COMMAND_RUN, COMMAND_PROBES };

	(void)state;
	for (size_t i = 0; i < COUNT(commands); i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		options__help(out, commands[i]);
		fclose(out);
		assert_non_null(strstr(text, commands[i] ? "--help" : "snapshot"));
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			if (strlen(line) > 80)
				fail_msg("too wide: %s", line);
		free(text);
	}
	assert_string_equal(options__command_name(COMMAND_RUN), "run");
}

static void cgroups_by_the_path_of_v1(void **state)
{
	(void)state;
	assert_string_equal(value__cgroup("/sys/fs/cgroup/memory/a/b", true), "/a/b");
	assert_string_equal(value__cgroup("/sys/fs/cgroup/memory", true), "/");
	assert_string_equal(value__cgroup("/sys/fs/cgroup/memory/", true), "/");
	assert_string_equal(value__cgroup("/sys/fs/cgroup/memory/a", false), "/sys/fs/cgroup/memory/a");
	assert_string_equal(value__cgroup("/sys/fs/cgroup/memory-hog/a", true), "/sys/fs/cgroup/memory-hog/a");
	assert_string_equal(value__cgroup("/memory/a", true), "/memory/a");
	assert_string_equal(value__cgroup("", true), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(every_option),
		cmocka_unit_test(options_before_the_command),
		cmocka_unit_test(events),
		cmocka_unit_test(a_command_to_run),
		cmocka_unit_test(near_misses),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(sort_columns),
		cmocka_unit_test(errors_are_safe_and_short),
		cmocka_unit_test(sizes),
		cmocka_unit_test(distances),
		cmocka_unit_test(help_is_narrow),
		cmocka_unit_test(cgroups_by_the_path_of_v1),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
