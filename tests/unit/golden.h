/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Output against the files in tests/golden (or $PAGETIDE_GOLDEN); UPDATE_GOLDEN=1 rewrites them:
 * read the difference before you keep it.
 */
#ifndef PAGETIDE_TESTS_GOLDEN_H
#define PAGETIDE_TESTS_GOLDEN_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"

/* A stream in memory: as wide as COLUMNS, else 80. */
struct memory {
	FILE *out;
	char *text;
	size_t size;
};

static inline struct memory begin(const char *columns)
{
	struct memory m = { 0 };

	if (columns)
		setenv("COLUMNS", columns, 1);
	else
		unsetenv("COLUMNS");
	return m;
}

static inline void open_memory(struct memory *m)
{
	m->out = open_memstream(&m->text, &m->size);
	assert_non_null(m->out);
}

static inline char *read_golden(const char *path)
{
	FILE *in = fopen(path, "re");
	char *text;
	size_t len;

	if (!in)
		fail_msg("%s is missing: UPDATE_GOLDEN=1 makes it", path);
	text = malloc(1 << 20);
	assert_non_null(text);
	len = fread(text, 1, (1 << 20) - 1, in);
	text[len] = '\0';
	fclose(in);
	return text;
}

static inline void write_golden(const char *path, const char *text)
{
	FILE *out = fopen(path, "we");

	assert_non_null(out);
	fputs(text, out);
	assert_int_equal(fclose(out), 0);
}

/* Each column of CSV has a name of its own: a reader would take the one for the other, or rename it. */
static inline void assert_columns_differ(const char *text)
{
	char *line = strndup(text, strcspn(text, "\n")), *end = line;

	for (char *name = strsep(&end, ","); end; name = strsep(&end, ","))
		for (const char *at = end; at; at = strchr(at, ',')) {
			at += *at == ',';
			if (strcspn(at, ",") == strlen(name) && strncmp(at, name, strlen(name)) == 0)
				fail_msg("two columns are named %s", name);
		}
	free(line);
}

/* Compares with the golden file; what a terminal would obey is never in it. */
static inline void finish(struct memory *m, const char *name)
{
	const char *directory = getenv("PAGETIDE_GOLDEN");
	char path[512], *golden, *safe;

	fclose(m->out);
	for (char *line = strtok(safe = strdup(m->text), "\n"); line; line = strtok(NULL, "\n"))
		assert_int_equal(escape__text(NULL, 0, line), strlen(line));
	free(safe);
	if (strstr(name, ".csv"))
		assert_columns_differ(m->text);
	snprintf(path, sizeof(path), "%s/%s", directory ? directory : "tests/golden", name);
	if (getenv("UPDATE_GOLDEN"))
		write_golden(path, m->text);
	golden = read_golden(path);
	assert_string_equal(m->text, golden);
	free(golden);
	free(m->text);
}

/* Each line is one JSON object, no key twice. */
static inline void assert_json_lines(const char *text)
{
	char *copy = strdup(text);

	for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
		json_error_t error;
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, &error);

		if (!json)
			fail_msg("%s at %d: %.60s", error.text, error.position,
				 line + (error.position > 30 ? error.position - 30 : 0));
		assert_true(json_is_object(json));
		json_decref(json);
	}
	free(copy);
}

#endif
