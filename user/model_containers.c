// SPDX-License-Identifier: GPL-2.0-only
/* Containers as the views see them: one piece of memory each, strings and all. */
#include "model_private.h"

#include <stdlib.h>
#include <string.h>

struct part_of {
	const char *text;
	size_t field;
};

#define PARTS 9
#define FIELD(name) offsetof(struct snapshot_container, name)

static void list_parts(const struct container_known *known, struct part_of parts[PARTS])
{
	const struct container_identity *identity = &known->identity;
	const struct container_label *label = &known->label;
	const struct part_of all[PARTS] = {
		{ known->shown, FIELD(shown) },
		{ known->cgroup, FIELD(cgroup) },
		{ identity->kind == CONTAINER_POD ? identity->pod_uid : identity->id, FIELD(id) },
		{ container__kind_name(identity->kind), FIELD(kind) },
		{ label->runtime[0] ? label->runtime : identity->runtime, FIELD(runtime) },
		{ label->name, FIELD(name) },
		{ label->pod, FIELD(pod) },
		{ label->pod_namespace, FIELD(pod_namespace) },
		{ label->image, FIELD(image) },
	};

	memcpy(parts, all, sizeof(all));
}

static const char **field_of(struct snapshot_container *container, size_t field)
{
	return (const char **)((char *)container + field);
}

struct snapshot_container *model__container(const struct container_known *known)
{
	struct part_of parts[PARTS];
	struct snapshot_container *container;
	size_t size = sizeof(*container);
	char *text;

	if (!known)
		return NULL;
	list_parts(known, parts);
	for (size_t i = 0; i < PARTS; i++)
		size += strlen(parts[i].text) + 1;
	container = calloc(1, size);
	if (!container)
		return NULL;
	text = (char *)(container + 1);
	for (size_t i = 0; i < PARTS; i++) {
		if (!parts[i].text[0])
			continue;
		*field_of(container, parts[i].field) = strcpy(text, parts[i].text);
		text += strlen(text) + 1;
	}
	return container;
}

bool model__is_container(const struct snapshot_container *have, const struct container_known *known)
{
	struct part_of parts[PARTS];

	if (!have || !known)
		return !have && !known;
	list_parts(known, parts);
	for (size_t i = 0; i < PARTS; i++) {
		const char *text = *(const char *const *)((const char *)have + parts[i].field);

		if (strcmp(text ? text : "", parts[i].text) != 0)
			return false;
	}
	return true;
}
