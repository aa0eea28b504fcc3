// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading, comparing and printing one column of one row, whatever the row is. It must never take an
 * unknown figure for 0, and never decide what a table has: that is columns_tables.c's.
 */
#include "columns.h"

#include "units.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static struct value value_of_real(double real)
{
	return (struct value){ .known = !isnan(real), .real = real };
}

struct value column__value(const struct column *column, const void *row)
{
	const char *field = (const char *)row + column->offset;
	struct value value = { .known = true };

	switch (column->type) {
	case FIELD_COMPUTED:
		return column->compute(row);
	case FIELD_U64:
		memcpy(&value.number, field, sizeof(uint64_t));
		value.known = is_known(value.number);
		break;
	case FIELD_U32:
		value.number = *(const uint32_t *)(const void *)field;
		break;
	case FIELD_I64:
		memcpy(&value.change, field, sizeof(int64_t));
		break;
	case FIELD_INT:
		value.change = *(const int *)(const void *)field;
		break;
	case FIELD_REAL:
		return value_of_real(*(const double *)(const void *)field);
	case FIELD_STRING:
		value.string = *(const char *const *)(const void *)field;
		value.known = value.string != NULL;
		break;
	case FIELD_FLAG:
		value.number = *(const bool *)(const void *)field;
		break;
	}
	return value;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

int column__compare(const struct column *column, const void *a, const void *b)
{
	struct value x = column__value(column, a), y = column__value(column, b);

	if (!x.known || !y.known)
		return y.known - x.known;
	switch (column->kind) {
	case COLUMN_STRING:
		return strcmp(x.string, y.string);
	case COLUMN_ID:
	case COLUMN_DEVICE:
		return compare_numbers(x.number, y.number);
	case COLUMN_CHANGE:
		return (y.change > x.change) - (y.change < x.change);
	case COLUMN_RATE:
	case COLUMN_RATIO:
	case COLUMN_SECONDS:
		return (y.real > x.real) - (y.real < x.real);
	case COLUMN_BYTES:
	case COLUMN_COUNT:
	case COLUMN_FLAG:
	case COLUMN_TIME:
	case COLUMN_START:
		break;
	}
	return compare_numbers(y.number, x.number);
}

bool column__is_text(const struct column *column)
{
	return column->kind == COLUMN_STRING || (column->kind == COLUMN_ID && column->text);
}

bool column__is_number(const struct column *column)
{
	return !column__is_text(column) && column->kind != COLUMN_FLAG && column->kind != COLUMN_DEVICE;
}

static void device_text(uint64_t device, char *raw, size_t cap)
{
	snprintf(raw, cap, "%" PRIu64 ":%" PRIu64, device >> 32, device & UINT32_MAX);
}

void column__text(const struct column *column, const void *row, char *raw, size_t cap)
{
	struct value value = column__value(column, row);
	char buf[UNITS_MAX] = "-";

	if (column->text) {
		column->text(row, raw, cap);
		return;
	}
	if (value.known) {
		switch (column->kind) {
		case COLUMN_STRING:
			snprintf(raw, cap, "%s", value.string);
			return;
		case COLUMN_BYTES:
			units__bytes(buf, value.number);
			break;
		case COLUMN_CHANGE:
			units__change(buf, value.change);
			break;
		case COLUMN_RATE:
			units__rate(buf, value.real);
			break;
		case COLUMN_RATIO:
			units__percent(buf, value.real);
			break;
		case COLUMN_SECONDS:
			units__duration(buf, value.real);
			break;
		case COLUMN_FLAG:
			strcpy(buf, value.number ? "yes" : "no");
			break;
		case COLUMN_DEVICE:
		case COLUMN_COUNT:
		case COLUMN_ID:
		case COLUMN_TIME:
		case COLUMN_START:
			column__plain(column, row, raw, cap);
			return;
		}
	}
	snprintf(raw, cap, "%s", buf);
}

void column__plain(const struct column *column, const void *row, char *raw, size_t cap)
{
	struct value value = column__value(column, row);
	char buf[UNITS_MAX];

	if (cap)
		raw[0] = '\0';
	if (!value.known)
		return;
	switch (column->kind) {
	case COLUMN_STRING:
		snprintf(raw, cap, "%s", value.string);
		break;
	case COLUMN_CHANGE:
		snprintf(raw, cap, "%" PRId64, value.change);
		break;
	case COLUMN_RATE:
		snprintf(raw, cap, "%s", units__decimal(buf, value.real, 0));
		break;
	case COLUMN_RATIO:
	case COLUMN_SECONDS:
		snprintf(raw, cap, "%s", units__decimal(buf, value.real, 6));
		break;
	case COLUMN_FLAG:
		snprintf(raw, cap, "%s", value.number ? "true" : "false");
		break;
	case COLUMN_DEVICE:
		device_text(value.number, raw, cap);
		break;
	case COLUMN_TIME:
		snprintf(raw, cap, "%s", units__time(buf, value.number));
		break;
	case COLUMN_START:
		snprintf(raw, cap, "%s", units__start_time(buf, value.number));
		break;
	case COLUMN_BYTES:
	case COLUMN_COUNT:
	case COLUMN_ID:
		snprintf(raw, cap, "%" PRIu64, value.number);
		break;
	}
}

/* "anon" is "anon_bytes" to whoever types it */
static bool is_named(const struct column *column, const char *name)
{
	size_t len = strlen(name);

	return column->key && strncmp(column->key, name, len) == 0 &&
	       (column->key[len] == '\0' || strcmp(column->key + len, "_bytes") == 0);
}

static const struct column *find_in(const struct columns *columns, const char *name)
{
	for (size_t i = 0; i < columns->count; i++)
		if (is_named(&columns->columns[i], name))
			return &columns->columns[i];
	return NULL;
}

const struct column *columns__find(enum view view, const char *name)
{
	const struct column *found = NULL;

	if (columns__of(view))
		return find_in(columns__of(view), name);
	for (view = VIEW_PROCESS; view <= VIEW_FILE && !found; view++)
		found = find_in(columns__of(view), name);
	return found;
}
