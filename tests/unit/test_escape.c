// SPDX-License-Identifier: GPL-2.0-only
// needs: escape
/* Names chosen by an enemy: nothing of them may reach a terminal, a JSON or a CSV as a control. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "escape.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

typedef size_t escape_fn(char *dst, size_t cap, const char *src);

/* Every cap from 0 on: never beyond it, always a NUL, always the same length needed. */
static void check(escape_fn *escape, const char *src, const char *expected)
{
	size_t len = strlen(expected);

	for (size_t cap = 0; cap <= len + 2; cap++) {
		char *dst = malloc(cap ? cap : 1); /* exact: the sanitizer sees a byte beyond */

		assert_non_null(dst);
		assert_int_equal(escape(cap ? dst : NULL, cap, src), len);
		if (cap > len)
			assert_string_equal(dst, expected);
		else if (cap)
			assert_memory_equal(dst, expected, strlen(dst));
		free(dst);
	}
}

static void text(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "plain /a-b_c.d", "plain /a-b_c.d" },
		{ "a) R 1 (x", "a) R 1 (x" },
		{ "two\nlines", "two\\nlines" },
		{ "\t\r", "\\t\\r" },
		{ "\033[2J\033]0;owned\007", "\\x1b[2J\\x1b]0;owned\\x07" },
		{ "\x7f\x01", "\\x7f\\x01" },
		{ "caf\xc3\xa9 \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80",
		  "caf\xc3\xa9 \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x98\x80" },
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xc2", "\\xc2" }, /* cut at the end */
		{ "\xe4\xb8", "\\xe4\\xb8" },
		{ "\xe4\xb8z", "\\xe4\\xb8z" },
		{ "\xc0\xaf", "\\xc0\\xaf" }, /* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* a surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* above U+10FFFF */
		{ "\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80" },
		{ "\x80\xbf", "\\x80\\xbf" }, /* no beginning */
		{ "\xc2\x9b"
		  "31m",
		  "\\xc2\\x9b"
		  "31m" }, /* CSI as a C1 control */
		{ "\xe2\x80\xae"
		  "gpj.exe",
		  "\\xe2\\x80\\xaegpj.exe" }, /* RIGHT-TO-LEFT OVERRIDE */
		{ "\xe2\x81\xa6\xe2\x80\xa8\xd8\x9c", "\\xe2\\x81\\xa6\\xe2\\x80\\xa8\\xd8\\x9c" },
		{ "back\\slash", "back\\slash" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(escape__text, cases[i][0], cases[i][1]);
}

static void json(void **state)
{
	(void)state;
	check(escape__json, "a\n\033\"\\ \xc3\xa9", "a\n\033\"\\ \xc3\xa9"); /* the library's to escape */
	check(escape__json, "\xff/\xc3", "\\xff/\\xc3");
	check(escape__json, "\xed\xa0\x80", "\\xed\\xa0\\x80");
	check(escape__json_text, "{\"a\":\"\x7f\xc2\x9b\xe2\x80\xae\xc3\xa9\"}",
	      "{\"a\":\"\\u007f\\u009b\\u202e\xc3\xa9\"}");
}

static void csv(void **state)
{
	(void)state;
	check(escape__csv, "", "");
	check(escape__csv, "plain", "plain");
	check(escape__csv, "a,b", "\"a,b\"");
	check(escape__csv, "say \"x\"", "\"say \"\"x\"\"\"");
	check(escape__csv, "\"", "\"\"\"\"");
	check(escape__csv, " lead", "\" lead\"");
	check(escape__csv, "two\nlines,x", "\"two\\nlines,x\"");
	check(escape__csv, "\xff", "\\xff");
	check(escape__csv, "=1+cmd", "=1+cmd"); /* data for programs, which no mark for spreadsheets may change */
}

static void shell(void **state)
{
	static char one[] = "python3", two[] = "-c", three[] = "print('a b')", four[] = "";
	char *const words[] = { one, two, three, four };
	char buf[128];

	(void)state;
	check(escape__shell, "", "''");
	check(escape__shell, "/usr/bin/x-1_2.3", "/usr/bin/x-1_2.3");
	check(escape__shell, "a b", "'a b'");
	check(escape__shell, "it's", "'it'\\''s'");
	check(escape__shell, "$(rm -rf /)", "'$(rm -rf /)'");
	check(escape__shell, "~", "'~'");
	check(escape__shell, "a\nb'\\\x1b", "$'a\\nb\\'\\\\\\x1b'");
	check(escape__shell, "caf\xc3\xa9", "'caf\xc3\xa9'");
	assert_int_equal(escape__command(buf, sizeof(buf), words, 4), 34);
	assert_string_equal(buf, "python3 -c 'print('\\''a b'\\'')' ''");
	assert_int_equal(escape__command(buf, sizeof(buf), words, 0), 0);
	assert_string_equal(buf, "");
}

/* What a shell makes of it is what it was. */
static void shell_gives_it_back(void **state)
{
	static const char *const words[] = { "", "a b", "it's", "\\", "a\nb", "\xff\x01'\\", "-n", "*", "caf\xc3\xa9" };
	char quoted[256], command[300], back[256];

	(void)state;
	if (access("/bin/bash", X_OK) != 0)
		skip();
	for (size_t i = 0; i < COUNT(words); i++) {
		FILE *pipe;
		size_t len;

		escape__shell(quoted, sizeof(quoted), words[i]);
		snprintf(command, sizeof(command), "printf %%s %s", quoted);
		assert_int_equal(setenv("PAGETIDE_TEST_COMMAND", command, 1), 0);
		pipe = popen("/bin/bash -c \"$PAGETIDE_TEST_COMMAND\"", "r");
		assert_non_null(pipe);
		len = fread(back, 1, sizeof(back) - 1, pipe);
		back[len] = '\0';
		assert_int_equal(pclose(pipe), 0);
		assert_string_equal(back, words[i]);
	}
}

static size_t width(const char *s)
{
	return escape__width(s, strlen(s));
}

static void widths(void **state)
{
	(void)state;
	assert_int_equal(width(""), 0);
	assert_int_equal(width("abc"), 3);
	assert_int_equal(width("caf\xc3\xa9"), 4);
	assert_int_equal(width("cafe\xcc\x81"), 4);             /* combining */
	assert_int_equal(width("\xe4\xb8\xad\xe6\x96\x87"), 4); /* two columns each */
	assert_int_equal(width("\xe2\x80\xa6"), 1);
}

static void shortened(const char *src, size_t columns, const char *expected)
{
	char dst[128];

	escape__shorten(dst, sizeof(dst), src, columns);
	assert_string_equal(dst, expected);
	assert_true(width(dst) <= columns);
}

static void shortening(void **state)
{
	(void)state;
	shortened("abc", 3, "abc");
	shortened("/dev/shm/joblib_memmapping_folder/part-00001.pkl", 24, "/dev/sh\xe2\x80\xa6r/part-00001.pkl");
	shortened("abcdef", 2,
		  "\xe2\x80\xa6"
		  "f");
	shortened("\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87", 5, "\xe2\x80\xa6\xe6\x96\x87");
	for (size_t columns = 2; columns < 30; columns++) {
		char dst[128];

		escape__shorten(dst, sizeof(dst),
				"a\xe4\xb8\xad"
				"b\xc3\xa9\xcc\x81"
				"c\xe6\x96\x87 wide and narrow",
				columns);
		assert_true(width(dst) <= columns);
		assert_int_equal(escape__text(NULL, 0, dst), strlen(dst)); /* no character was cut */
	}
}

/* All strings of up to three of these bytes: output is printable, or is valid UTF-8. */
static void every_short_string(void **state)
{
	static const char bytes[] = "a\n\x1b\x7f\x80\x9b\xc2\xe2\x80\xae\xed\xa0\xf0\x9f\xff\"\\";
	char src[4], once[64], twice[256];

	(void)state;
	for (size_t n = 0; n < 17 * 17 * 17; n++) {
		src[0] = bytes[n % 17];
		src[1] = bytes[n / 17 % 17];
		src[2] = bytes[n / 289];
		src[3] = '\0';
		escape__text(once, sizeof(once), src);
		escape__text(twice, sizeof(twice), once);
		assert_string_equal(once, twice); /* nothing is left to escape */
		escape__json(once, sizeof(once), src);
		escape__json(twice, sizeof(twice), once);
		assert_string_equal(once, twice);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text),
		cmocka_unit_test(json),
		cmocka_unit_test(csv),
		cmocka_unit_test(shell),
		cmocka_unit_test(shell_gives_it_back),
		cmocka_unit_test(widths),
		cmocka_unit_test(shortening),
		cmocka_unit_test(every_short_string),
	};

	return cmocka_run_group_tests_name("escape", tests, NULL, NULL);
}
