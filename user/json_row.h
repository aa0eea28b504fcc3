/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows as JSON, one at a time: what is in memory at once is one row, never a table.
 */
#ifndef PAGETIDE_JSON_ROW_H
#define PAGETIDE_JSON_ROW_H

#include "columns.h"

#include <jansson.h>
#include <stdio.h>

/*
 * An object of the columns that are known; type: bit of an event's type, or 0. The caller owns it;
 * NULL: no memory.
 */
json_t *json_row__make(const struct columns *columns, const void *row, uint32_t type);

/* valid UTF-8 whatever the bytes were; NULL: no memory */
json_t *json_row__string(const char *text);

/* Takes over `value`, also when it is NULL (no memory): -ENOMEM. */
int json_row__set(json_t *object, const char *key, json_t *value);

/* the same for figures: what is not known is left out */
int json_row__set_bytes(json_t *object, const char *key, uint64_t bytes);
int json_row__set_time(json_t *object, const char *key, uint64_t time_ns);

/*
 * Writes and frees `json`, compact; bare: without its braces. NULL: -ENOMEM. 0 or -errno.
 */
int json_row__put(FILE *out, json_t *json, bool bare);

#endif
