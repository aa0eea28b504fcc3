// SPDX-License-Identifier: GPL-2.0-only
/* What the events about limits are made of: warnings as they are, refusals and kills beside them. */
#include "columns_limits.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const struct value unknown = { .known = false };

static struct value string(const char *text)
{
	return (struct value){ .known = text != NULL, .string = text };
}

static struct value number(uint64_t figure)
{
	return (struct value){ .known = is_known(figure), .number = figure };
}

static struct value real(double figure)
{
	return (struct value){ .known = !isnan(figure), .real = figure };
}

const struct warning *event__who(const struct event *e)
{
	switch (e->type) {
	case EVENT_WARNING:
		return e->warning;
	case EVENT_OOM:
		return e->oom.who;
	case EVENT_ENOSPC:
	case EVENT_SIGBUS:
		return e->refused.who;
	default:
		return NULL;
	}
}

static bool of_inodes(const struct event *e)
{
	return e->type == EVENT_WARNING && e->warning->limit == WARNING_TMPFS_INODES;
}

struct value column_limit__name(const void *row)
{
	const struct event *e = row;

	if (e->type == EVENT_WARNING)
		return string(warning_limit_names[e->warning->limit]);
	return string(event__is_denial(e) ? e->denied.limit : e->refused.limit);
}

struct value column_limit__which(const void *row)
{
	const struct event *e = row;

	return string(e->warning->limit_name);
}

struct value column_limit__reason(const void *row)
{
	const struct event *e = row;

	return string(warning_reason_names[e->warning->reason]);
}

struct value column_limit__target(const void *row)
{
	const struct event *e = row;

	if (e->type == EVENT_OOM)
		return string(e->oom.scope || !e->oom.scope_known ? e->oom.scope : "machine");
	return string(e->warning->target);
}

struct value column_limit__whose(const void *row)
{
	const struct event *e = row;

	return string(e->warning->container[0] ? e->warning->container : NULL);
}

/* a warning has one figure and one limit, of inodes or of bytes; a refusal has both */
static struct value figure(const struct event *e, bool inodes, uint64_t refused, size_t warned)
{
	if (e->type != EVENT_WARNING)
		return number(refused);
	return of_inodes(e) == inodes ? number(*(const uint64_t *)((const char *)e->warning + warned)) : unknown;
}

#define USED offsetof(struct warning, used)
#define LIMIT offsetof(struct warning, limit_value)

struct value column_limit__used(const void *row)
{
	const struct event *e = row;

	if (event__is_denial(e))
		return number(e->denied.used_bytes);
	return e->type == EVENT_OOM ? number(e->oom.usage_bytes) : figure(e, false, e->refused.used_bytes, USED);
}

struct value column_limit__limit(const void *row)
{
	const struct event *e = row;

	if (event__is_denial(e))
		return number(e->denied.limit_bytes);
	return e->type == EVENT_OOM ? number(e->oom.limit_bytes) : figure(e, false, e->refused.limit_bytes, LIMIT);
}

struct value column_limit__used_inodes(const void *row)
{
	const struct event *e = row;

	return figure(e, true, e->refused.used_inodes, USED);
}

struct value column_limit__limit_inodes(const void *row)
{
	const struct event *e = row;

	return figure(e, true, e->refused.limit_inodes, LIMIT);
}

struct value column_limit__reclaimable(const void *row)
{
	const struct event *e = row;

	return number(e->warning->reclaimable_bytes);
}

/* by nobody who is known, in what the limit counts */
static struct value unattributed(const struct event *e, bool inodes)
{
	const struct warning *who = event__who(e);
	bool by_inodes = of_inodes(e) ||
			 (e->type != EVENT_WARNING && e->refused.limit && strcmp(e->refused.limit, "inodes") == 0);

	return who && by_inodes == inodes ? number(who->unattributed) : unknown;
}

struct value column_limit__unattributed(const void *row)
{
	return unattributed(row, false);
}

struct value column_limit__unattributed_inodes(const void *row)
{
	return unattributed(row, true);
}

struct value column_limit__level(const void *row)
{
	const struct event *e = row;

	return (struct value){ .known = e->warning->level != 0, .number = e->warning->level };
}

/* of inodes it is inodes a second, and has another name */
struct value column_limit__rate(const void *row)
{
	const struct event *e = row;

	return of_inodes(e) ? unknown : real(e->warning->rate);
}

struct value column_limit__eta(const void *row)
{
	const struct event *e = row;

	return real(e->warning->eta_seconds);
}

struct value column_limit__by_memory(const void *row)
{
	const struct event *e = row;

	return (struct value){ .known = e->warning->limit == WARNING_TMPFS, .number = e->warning->limited_by_memory };
}

struct value column_limit__advice(const void *row)
{
	const struct event *e = row;

	return string(event__is_denial(e) ? e->denied.advice : e->warning->advice);
}
