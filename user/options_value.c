// SPDX-License-Identifier: GPL-2.0-only
/* It must never take a sign, a space, a unit it does not know, or a number too great. */
#include "options_value.h"

#include "options.h"

#include <errno.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define DECIMALS_MAX 9
#define WORD_MAX 32

static const char *take_digits(const char *text, uint64_t *number, int *err)
{
	*number = 0;
	*err = *text >= '0' && *text <= '9' ? 0 : -EINVAL;
	for (; *text >= '0' && *text <= '9'; text++)
		if (__builtin_mul_overflow(*number, 10u, number) ||
		    __builtin_add_overflow(*number, (uint64_t)(*text - '0'), number))
			*err = -ERANGE;
	return text;
}

int value__number(const char *text, uint64_t *number)
{
	int err;

	text = take_digits(text, number, &err);
	return *text ? -EINVAL : err;
}

int options__size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *unit;
	uint64_t number;
	int err, shift = 0;

	text = take_digits(text, &number, &err);
	if (err)
		return -EINVAL;
	if (*text) {
		unit = strchr(units, *text & ~0x20); /* upper case */
		if (!unit || !*unit || (text[1] && strcmp(text + 1, "iB") != 0))
			return -EINVAL;
		shift = 10 * (int)(unit - units + 1);
	}
	if (number > UINT64_MAX >> shift)
		return -EINVAL;
	*bytes = number << shift;
	return *bytes == UINT64_MAX ? -EINVAL : 0; /* that one means "absent" */
}

int value__seconds(const char *text, double *seconds)
{
	uint64_t whole = 0;
	double scale = 1;
	int err = 0, decimals = 0;

	if (*text != '.' || text[1] < '0' || text[1] > '9')
		text = take_digits(text, &whole, &err);
	if (err)
		return err;
	*seconds = (double)whole;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++, decimals++)
			if (decimals < DECIMALS_MAX)
				*seconds += (*text - '0') / (scale *= 10);
	if (*text == 's')
		text++;
	return *text ? -EINVAL : 0;
}

void value__append(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);

	snprintf(list + len, size - len, "%s%s", len ? ", " : "", word);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t value__distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX]; /* of the matrix of optimal string alignment */
	size_t m = strnlen(a, WORD_MAX - 1), n = strnlen(b, WORD_MAX - 1);

	for (size_t j = 0; j <= n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], two_above[j - 2] + 1);
		}
	}
	return rows[m % 3][n];
}

const char *value__cgroup(const char *path, bool has_v1)
{
	size_t len = strlen(VALUE_CGROUP_V1);

	if (!has_v1 || strncmp(path, VALUE_CGROUP_V1, len) != 0 || (path[len] && path[len] != '/'))
		return path;
	return path[len] ? path + len : "/";
}

int value__levels(const char *text, unsigned int *levels, size_t cap)
{
	unsigned long last = 0;
	size_t count = 0;

	for (;;) {
		char *end;
		unsigned long level = strtoul(text, &end, 10);

		if (text[0] < '0' || text[0] > '9' || level <= last || level > 100 || count == cap)
			return -EINVAL;
		last = level;
		levels[count++] = (unsigned int)level;
		if (*end == '\0')
			return (int)count;
		if (*end != ',')
			return -EINVAL;
		text = end + 1;
	}
}
