// SPDX-License-Identifier: GPL-2.0-only
#include "tally.h"

#include "bag.h"
#include "escape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 256

struct count {
	struct tally_row row;
	uint64_t last; /* the number of the event that it last counted */
	char text[3][LABEL_MAX];
};

struct tally {
	uint32_t types;
	uint64_t events;
	struct counts {
		struct count *counts;
		size_t count, capacity;
	} of[EVENT_TYPES];
};

static struct count *find(struct counts *counts, const char *const label[3])
{
	for (size_t i = 0; i < counts->count; i++) {
		struct count *c = &counts->counts[i];

		if (strcmp(c->text[2], label[2]) == 0 && strcmp(c->text[1], label[1]) == 0 &&
		    strcmp(c->text[0], label[0]) == 0)
			return c;
	}
	return NULL;
}

static void set_labels(struct count *c, const char *const label[3])
{
	for (int i = 0; i < 3; i++)
		snprintf(c->text[i], sizeof(c->text[i]), "%s", label[i]);
}

static struct count *append(struct counts *counts, enum event_type type, const char *const label[3])
{
	struct count *c;

	if (counts->count == counts->capacity) {
		size_t more = counts->capacity ? counts->capacity * 2 : 4;
		void *grown = realloc(counts->counts, more * sizeof(*counts->counts));

		if (!grown)
			return NULL;
		counts->counts = grown;
		counts->capacity = more;
	}
	c = &counts->counts[counts->count++];
	*c = (struct count){ .row.type = type };
	set_labels(c, label);
	return c;
}

/* the quietest gives its count to "other", which is the second row, and its place away */
static struct count *make_room(struct counts *counts, const char *const label[3])
{
	struct count *quietest = &counts->counts[2];

	for (size_t i = 3; i < counts->count; i++)
		if (counts->counts[i].last < quietest->last)
			quietest = &counts->counts[i];
	counts->counts[1].row.count += quietest->row.count;
	quietest->row.count = 0;
	set_labels(quietest, label);
	return quietest;
}

int tally__open(struct tally **out, uint32_t types)
{
	static const char *const none[3] = { "", "", "" }, *const other[3] = { "", "", BAG_OTHER };
	struct tally *tally = calloc(1, sizeof(*tally));

	*out = tally;
	if (!tally)
		return -ENOMEM;
	tally->types = types;
	for (int type = 0; type < EVENT_TYPES; type++)
		if (types & 1U << type && (!append(&tally->of[type], (enum event_type)type, none) ||
					   !append(&tally->of[type], (enum event_type)type, other))) {
			tally__close(tally);
			*out = NULL;
			return -ENOMEM;
		}
	return 0;
}

void tally__close(struct tally *tally)
{
	if (!tally)
		return;
	for (int type = 0; type < EVENT_TYPES; type++)
		free(tally->of[type].counts);
	free(tally);
}

/* as it is shown, so that no two rows look the same */
static const char *text(const char *raw, char shown[LABEL_MAX])
{
	escape__text(shown, LABEL_MAX, raw ? raw : "");
	return shown;
}

void tally__take(struct tally *tally, const struct event *event)
{
	const struct snapshot_container *in = event->in;
	char shown[3][LABEL_MAX];
	const char *label[3] = { "", "", "" };
	struct counts *counts = &tally->of[event->type];
	struct count *c;

	if (!(tally->types & 1U << event->type))
		return;
	if (in) {
		label[0] = text(in->pod_namespace, shown[0]);
		label[1] = text(in->pod, shown[1]);
		label[2] = text(in->name ? in->name : in->shown, shown[2]);
	}
	c = find(counts, label);
	if (!c)
		c = counts->count < TALLY_MOST ? append(counts, event->type, label) : make_room(counts, label);
	if (!c)
		c = &counts->counts[1]; /* no memory */
	c->row.count++;
	c->last = ++tally->events;
}

void tally__each(const struct tally *tally, void (*take)(void *, const struct tally_row *), void *context)
{
	for (int type = 0; type < EVENT_TYPES; type++)
		for (size_t i = 0; i < tally->of[type].count; i++) {
			const struct count *c = &tally->of[type].counts[i];
			struct tally_row row = c->row;

			row.pod_namespace = c->text[0];
			row.pod = c->text[1];
			row.container = c->text[2];
			take(context, &row);
		}
}
