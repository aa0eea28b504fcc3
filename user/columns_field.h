/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a table of columns is written down. Only for the files that hold such tables:
 * KIND(row type, its member, key for machines or NULL, title for people or NULL, rank).
 */
#ifndef PAGETIDE_COLUMNS_FIELD_H
#define PAGETIDE_COLUMNS_FIELD_H

#include "columns.h"

#include <stddef.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define FIELD(what, how, row, member, name, above, order)                              \
	{                                                                              \
		.key = name, .title = above, .kind = what, .rank = order, .type = how, \
		.offset = offsetof(struct row, member)                                 \
	}
#define BYTES(row, member, name, above, order) FIELD(COLUMN_BYTES, FIELD_U64, row, member, name, above, order)
#define CHANGE(row, member, name, above, order) FIELD(COLUMN_CHANGE, FIELD_I64, row, member, name, above, order)
#define COUNT(row, member, name, above, order) FIELD(COLUMN_COUNT, FIELD_U64, row, member, name, above, order)
#define COUNT32(row, member, name, above, order) FIELD(COLUMN_COUNT, FIELD_U32, row, member, name, above, order)
#define ID(row, member, name, above, order) FIELD(COLUMN_ID, FIELD_U32, row, member, name, above, order)
#define ID64(row, member, name, above, order) FIELD(COLUMN_ID, FIELD_U64, row, member, name, above, order)
#define RATE(row, member, name, above, order) FIELD(COLUMN_RATE, FIELD_REAL, row, member, name, above, order)
#define SECONDS(row, member, name, above, order) FIELD(COLUMN_SECONDS, FIELD_REAL, row, member, name, above, order)
#define STRING(row, member, name, above, order) FIELD(COLUMN_STRING, FIELD_STRING, row, member, name, above, order)
#define FLAG(row, member, name, above, order) FIELD(COLUMN_FLAG, FIELD_FLAG, row, member, name, above, order)
#define TIME(row, member, name, above, order) FIELD(COLUMN_TIME, FIELD_U64, row, member, name, above, order)
#define COMPUTED(what, how, name, above, order)                                                                  \
	{                                                                                                        \
		.key = name, .title = above, .kind = what, .rank = order, .type = FIELD_COMPUTED, .compute = how \
	}

extern const struct columns columns_file;

/* text for people beside a value for machines; shared by the tables of `run` */
void column_text__process(const void *row, char *raw, size_t cap);
void column_text__file(const void *row, char *raw, size_t cap);
void column_text__owner(const void *row, char *raw, size_t cap);
struct value column_value__file_count(const void *row);

/* as a shell has it: the code, or 128 + the signal, of what wait(2) gives */
uint64_t column_value__exit_status(int wait_code);

#endif
