// SPDX-License-Identifier: GPL-2.0-only
#include "kept_events.h"

#include <stdlib.h>
#include <string.h>

#define STRINGS 6

struct kept_strings {
	char *text[STRINGS];
	size_t count;
	struct warning warning;
};

/* the string's copy takes its place; NULL stays NULL */
static bool keep(struct kept_strings *strings, const char **text)
{
	if (!*text)
		return true;
	*text = strings->text[strings->count] = strdup(*text);
	if (!*text)
		return false;
	strings->count++;
	return true;
}

static void keep_warning(struct kept_strings *strings, const struct warning **warning)
{
	if (!*warning)
		return;
	strings->warning = **warning;
	*warning = &strings->warning;
}

static bool keep_details(struct kept_strings *strings, struct event *event)
{
	switch (event->type) {
	case EVENT_WARNING:
		keep_warning(strings, &event->warning);
		return true;
	case EVENT_OOM:
		keep_warning(strings, &event->oom.who);
		return keep(strings, &event->oom.trigger_comm) && keep(strings, &event->oom.scope);
	case EVENT_ENOSPC:
	case EVENT_SIGBUS:
		keep_warning(strings, &event->refused.who);
		return keep(strings, &event->refused.path) && keep(strings, &event->refused.mount);
	case EVENT_HUGETLB:
	case EVENT_MEMLOCK:
		return keep(strings, &event->denied.advice);
	default:
		return false;
	}
}

static void free_strings(struct kept_strings *strings)
{
	for (size_t i = 0; i < strings->count; i++)
		free(strings->text[i]);
	free(strings);
}

void kept_events__add(struct kept_events *kept, const struct event *event)
{
	struct event copy = *event;
	struct kept_strings *strings;

	if (kept->count == KEPT_EVENTS_MOST)
		return;
	strings = calloc(1, sizeof(*strings));
	if (!strings)
		return;
	copy.in = NULL;
	if (!keep(strings, &copy.comm) || !keep(strings, &copy.cgroup) || !keep(strings, &copy.container) ||
	    !keep_details(strings, &copy)) {
		free_strings(strings);
		return;
	}
	kept->of[kept->count] = strings;
	kept->events[kept->count++] = copy;
}

void kept_events__free(struct kept_events *kept)
{
	while (kept->count)
		free_strings(kept->of[--kept->count]);
}
