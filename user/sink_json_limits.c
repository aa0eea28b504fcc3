// SPDX-License-Identifier: GPL-2.0-only
/* Who it was, as JSON: the list inside an event about a limit. */
#include "limit_sinks.h"

#include <errno.h>

#include "columns_limits.h"
#include "json_row.h"

static json_t *make_culprit(const struct culprit *c, const char *growth)
{
	json_t *row = json_object();
	int err = row ? 0 : -ENOMEM;

	if (!err)
		err = json_row__set(row, "pid", json_integer(c->pid));
	if (!err)
		err = json_row__set(row, "comm", json_row__string(c->comm));
	if (!err && c->container[0])
		err = json_row__set(row, "container", json_row__string(c->container));
	if (!err)
		err = json_row__set(row, "exited", json_boolean(c->exited));
	if (!err && c->processes > 1)
		err = json_row__set_bytes(row, "processes", c->processes);
	if (!err)
		err = json_row__set_bytes(row, "bytes", c->bytes);
	if (!err && c->seconds > 0)
		err = json_row__set(row, growth, json_integer(c->growth_bytes));
	if (!err && c->seconds > 0)
		err = json_row__set(row, "seconds", json_real(c->seconds));
	if (!err && c->seconds > 0)
		err = json_row__set(row, "rate_bytes_per_second",
				    json_integer((json_int_t)((double)c->growth_bytes / c->seconds)));
	if (!err && c->files)
		err = json_row__set_bytes(row, "files", c->files);
	if (!err && c->files > 1)
		err = json_row__set_bytes(row, "bytes_each", c->bytes_each);
	if (!err && c->deleted_bytes)
		err = json_row__set_bytes(row, "deleted_bytes", c->deleted_bytes);
	if (!err && c->path[0])
		err = json_row__set(row, "path", json_row__string(c->path));
	if (!err)
		return row;
	json_decref(row);
	return NULL;
}

int sink_json__who(json_t *object, const struct event *event)
{
	const struct warning *who = event__who(event);
	json_t *list;
	int err;

	if (!who || !object)
		return 0;
	list = json_array();
	err = json_row__set(object, event->type == EVENT_OOM ? "consumers" : "culprits", list);
	for (size_t i = 0; i < who->culprit_count && !err; i++)
		err = json_array_append_new(list, make_culprit(&who->culprits[i], "growth_bytes")) ? -ENOMEM : 0;
	return err;
}

json_t *sink_json__make_event(const struct event *event)
{
	json_t *object = json_row__make(&columns_event, event, 1u << event->type);

	if (!object || !sink_json__who(object, event))
		return object;
	json_decref(object);
	return NULL;
}
