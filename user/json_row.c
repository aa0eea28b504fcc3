// SPDX-License-Identifier: GPL-2.0-only
/* One row as JSON. It must never write a key for a figure that is not known. */
#include "json_row.h"

#include "escape.h"
#include "out.h"
#include "units.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS 12 /* of a real number: 0.1 stays 0.1 */

json_t *json_row__string(const char *text)
{
	json_t *json = json_string(text); /* refuses invalid UTF-8 */
	char *escaped;

	if (json)
		return json;
	escaped = out__escape(escape__json, text);
	if (!escaped)
		return NULL;
	json = json_string(escaped);
	free(escaped);
	return json;
}

static json_t *make_number(uint64_t number)
{
	return number <= INT64_MAX ? json_integer((json_int_t)number) : json_real((double)number);
}

static json_t *make_value(const struct column *column, const void *row)
{
	struct value value = column__value(column, row);
	char plain[UNITS_MAX * 2];

	switch (column->kind) {
	case COLUMN_STRING:
		return json_row__string(value.string);
	case COLUMN_CHANGE:
		return json_integer(value.change);
	case COLUMN_RATE:
		return json_integer(llround(fmin(fmax(value.real, -9e18), 9e18)));
	case COLUMN_RATIO:
	case COLUMN_SECONDS:
		return json_real(value.real);
	case COLUMN_FLAG:
		return json_boolean(value.number != 0);
	case COLUMN_DEVICE:
	case COLUMN_TIME:
	case COLUMN_START:
		column__plain(column, row, plain, sizeof(plain));
		return json_string(plain);
	case COLUMN_BYTES:
	case COLUMN_COUNT:
	case COLUMN_ID:
		break;
	}
	return make_number(value.number);
}

int json_row__set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new_nocheck(object, key, value) ? -ENOMEM : 0;
}

int json_row__set_bytes(json_t *object, const char *key, uint64_t bytes)
{
	return is_known(bytes) ? json_row__set(object, key, make_number(bytes)) : 0;
}

int json_row__set_time(json_t *object, const char *key, uint64_t time_ns)
{
	char time[UNITS_MAX];

	return is_known(time_ns) ? json_row__set(object, key, json_string(units__time(time, time_ns))) : 0;
}

/* The object inside `object` that a column is in, made when first needed. NULL: no memory. */
static json_t *nested(json_t *object, const char *name)
{
	json_t *inner = json_object_get(object, name);

	if (!inner && json_row__set(object, name, json_object()) == 0)
		inner = json_object_get(object, name);
	return inner;
}

static int set_column(json_t *object, const struct column *column, const void *row)
{
	const char *key = column->key;
	json_t *inner;

	if (!column->object)
		return json_row__set(object, key, make_value(column, row));
	inner = nested(object, column->object);
	if (!inner)
		return -ENOMEM;
	return json_row__set(inner, key + strlen(column->object) + 1, make_value(column, row));
}

json_t *json_row__make(const struct columns *columns, const void *row, uint32_t type)
{
	json_t *object = json_object();

	for (size_t i = 0; object && i < columns->count; i++) {
		const struct column *column = &columns->columns[i];

		if (!column->key || column->flat || (type && !(column->events & type)))
			continue;
		if (!column__value(column, row).known)
			continue;
		if (set_column(object, column, row)) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

int json_row__put(FILE *out, json_t *json, bool bare)
{
	char *text =
		json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS) | (bare ? JSON_EMBED : 0u)) : NULL;
	int err;

	json_decref(json);
	if (!text)
		return -ENOMEM;
	err = out__escaped(out, escape__json_text, text);
	free(text);
	return err;
}
