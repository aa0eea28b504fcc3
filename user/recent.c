// SPDX-License-Identifier: GPL-2.0-only
#include "recent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sink_text.h"

struct recent {
	size_t count;
	struct recent_line lines[RECENT_MOST]; /* oldest first */
};

int recent__open(struct recent **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void recent__close(struct recent *recent)
{
	free(recent);
}

static bool is_refusal(const struct event *event)
{
	return event->type == EVENT_ENOSPC || event->type == EVENT_SIGBUS || event__is_denial(event);
}

static void describe(struct recent_line *line, const struct event *event)
{
	FILE *out = fmemopen(line->text, sizeof(line->text), "w");

	if (!out)
		return;
	sink_text__details(out, event);
	fclose(out); /* ends it with a NUL where there is room */
	line->text[sizeof(line->text) - 1] = '\0';
	memmove(line->text, line->text + strspn(line->text, " "), strlen(line->text + strspn(line->text, " ")) + 1);
}

static void put_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

/* an earlier line of the same refusal is taken out of its place; returns what it had counted */
static uint64_t take_out(struct recent *recent, const struct recent_line *like)
{
	uint64_t count = 0;

	for (size_t i = recent->count; i-- > 0;) {
		struct recent_line *line = &recent->lines[i];

		if (line->type != like->type || line->pid != like->pid || line->start_ns != like->start_ns ||
		    strcmp(line->place, like->place) != 0)
			continue;
		count = line->count;
		memmove(line, line + 1, (recent->count - 1 - i) * sizeof(*line));
		recent->count--;
		break;
	}
	return count;
}

void recent__take(struct recent *recent, const struct event *event)
{
	struct recent_line line = {
		.type = event->type, .time_ns = event->time_ns, .pid = event->pid, .start_ns = event->start_ns
	};

	if (event->type != EVENT_WARNING && event->type != EVENT_OOM && !is_refusal(event))
		return;
	put_text(line.comm, sizeof(line.comm), event->pid ? event->comm : NULL);
	put_text(line.container, sizeof(line.container), event->container);
	if (is_refusal(event))
		put_text(line.place, sizeof(line.place),
			 event__is_denial(event) ? event->denied.limit : event->refused.mount);
	describe(&line, event);
	line.count = 1 + (is_refusal(event) ? take_out(recent, &line) : 0);
	if (recent->count == RECENT_MOST)
		memmove(recent->lines, recent->lines + 1, (--recent->count) * sizeof(recent->lines[0]));
	recent->lines[recent->count++] = line;
}

const struct recent_line *recent__line(const struct recent *recent, size_t n)
{
	return n < recent->count ? &recent->lines[recent->count - 1 - n] : NULL;
}
