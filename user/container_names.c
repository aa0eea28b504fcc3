// SPDX-License-Identifier: GPL-2.0-only
/* The cache of names: when to look for one, and how long it is kept. */
#include "container_names.h"

#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "container_ask.h"
#include "container_files.h"
#include "file.h"

#define SECOND_NS 1000000000ULL
#define KEEP_NS (300 * SECOND_NS) /* longer than any sane scrape interval */
#define PAUSE_MOST 6              /* 64 s between two looks for a name */
#define STATES_MOST 4096

struct entry {
	char *key; /* its topmost cgroup: whoever may make one may name it by another one's id */
	UT_hash_handle hh;
	struct container_known known;
	bool named;
	unsigned looks;
	uint64_t next_look_ns, seen_ns;
};

struct container_names {
	int root_fd;
	struct container_ask *ask;
	struct entry *entries;
	uint64_t generation;
};

int container_names__open(struct container_names **out, int root_fd)
{
	struct container_names *names = calloc(1, sizeof(*names));

	*out = names;
	if (!names)
		return -ENOMEM;
	names->root_fd = root_fd;
	if (!container_ask__open(&names->ask, root_fd))
		return 0;
	free(names);
	*out = NULL;
	return -ENOMEM;
}

static void free_entry(struct container_names *names, struct entry *entry)
{
	HASH_DEL(names->entries, entry);
	free(entry->key);
	free(entry);
}

void container_names__close(struct container_names *names)
{
	struct entry *entry, *next;

	if (!names)
		return;
	container_ask__close(names->ask);
	HASH_ITER (hh, names->entries, entry, next)
		free_entry(names, entry);
	free(names);
}

uint64_t container_names__generation(const struct container_names *names)
{
	return names ? names->generation : 0;
}

static void show(struct container_known *known)
{
	const struct container_label *label = &known->label;
	const char *own = label->name[0] ? label->name : known->identity.name;

	if (known->identity.kind == CONTAINER_POD && label->pod[0] && !label->pod_namespace[0])
		snprintf(known->shown, sizeof(known->shown), "%s", label->pod); /* podman's */
	else if (!label->pod[0])
		snprintf(known->shown, sizeof(known->shown), "%s", own);
	else if (known->identity.kind == CONTAINER_POD)
		snprintf(known->shown, sizeof(known->shown), "%s/%s", label->pod_namespace, label->pod);
	else
		snprintf(known->shown, sizeof(known->shown), "%s/%s/%s", label->pod_namespace, label->pod, own);
}

static bool has_all_names(const struct container_known *known)
{
	if (known->identity.kind == CONTAINER_POD)
		return known->label.pod[0];
	return known->label.name[0] && (known->label.pod[0] || !known->identity.qos[0]);
}

static void set_label(struct container_names *names, struct entry *entry, const struct container_label *label)
{
	if (memcmp(label, &entry->known.label, sizeof(*label)) != 0) {
		entry->known.label = *label;
		show(&entry->known);
		names->generation++;
	}
	entry->named = has_all_names(&entry->known);
}

static void look(struct container_names *names, struct entry *entry, uint64_t now_ns)
{
	struct container_label label = entry->known.label;

	if (entry->named || now_ns < entry->next_look_ns)
		return;
	container_files__find(names->root_fd, entry->key, &entry->known.identity, &label);
	entry->next_look_ns = now_ns + (SECOND_NS << (entry->looks < PAUSE_MOST ? entry->looks : PAUSE_MOST));
	entry->looks++;
	set_label(names, entry, &label);
	if (!entry->named && !container_files__is_of_user(entry->key))
		container_ask__put(names->ask, &entry->known.identity);
}

static struct entry *find_entry(const struct container_names *names, const char *key, size_t len)
{
	struct entry *entry;

	HASH_FIND(hh, names->entries, key, len, entry);
	return entry;
}

static void fill(char *field, const char *text, size_t cap)
{
	if (!field[0])
		snprintf(field, cap, "%s", text);
}

static bool is_asked_of(const struct entry *entry, const char *id)
{
	const struct container_identity *identity = &entry->known.identity;

	return !entry->named && strcmp(identity->kind == CONTAINER_POD ? identity->pod_uid : identity->id, id) == 0 &&
	       !container_files__is_of_user(entry->key);
}

static void take_answers(struct container_names *names)
{
	struct container_answer answer;
	struct entry *entry, *next;

	while (container_ask__take(names->ask, &answer))
		HASH_ITER (hh, names->entries, entry, next) {
			struct container_label label = entry->known.label;

			if (!is_asked_of(entry, answer.id))
				continue;
			fill(label.name, answer.label.name, sizeof(label.name));
			fill(label.pod, answer.label.pod, sizeof(label.pod));
			fill(label.pod_namespace, answer.label.pod_namespace, sizeof(label.pod_namespace));
			fill(label.image, answer.label.image, sizeof(label.image));
			fill(label.runtime, answer.label.runtime, sizeof(label.runtime));
			set_label(names, entry, &label);
		}
}

void container_names__await(struct container_names *names, unsigned milliseconds)
{
	container_ask__wait(names->ask, milliseconds);
	take_answers(names);
}

static struct entry *add_entry(struct container_names *names, const char *key, size_t len)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry || !(entry->key = strndup(key, len))) {
		free(entry);
		return NULL;
	}
	entry->known.cgroup = entry->key;
	HASH_ADD_KEYPTR(hh, names->entries, entry->key, len, entry);
	names->generation++;
	return entry;
}

static void note_path(struct container_names *names, const char *path, uint64_t now_ns)
{
	struct container_identity identity;
	struct entry *entry;

	container__identify(path, &identity);
	if (identity.kind < CONTAINER_POD)
		return;
	entry = find_entry(names, path, identity.place);
	if (!entry) {
		entry = add_entry(names, path, identity.place);
		if (!entry)
			return;
		entry->known.identity = identity;
		memcpy(entry->known.label.runtime, identity.runtime, sizeof(entry->known.label.runtime));
		entry->named = identity.kind == CONTAINER_MACHINE;
		show(&entry->known);
	}
	entry->seen_ns = now_ns;
	look(names, entry, now_ns);
}

/* a container that runc or crun was asked for by hand: only its state tells its cgroup */
static void note_state(struct container_names *names, const struct container_state *state, const char *runtime,
		       uint64_t now_ns)
{
	struct container_identity identity;
	struct entry *entry;

	container__identify(state->cgroup, &identity);
	if (identity.kind >= CONTAINER_POD)
		return;
	entry = find_entry(names, state->cgroup, strlen(state->cgroup));
	if (!entry) {
		entry = add_entry(names, state->cgroup, strlen(state->cgroup));
		if (!entry)
			return;
		identity.kind = CONTAINER_CONTAINER;
		snprintf(identity.id, sizeof(identity.id), "%.*s", CONTAINER_ID_MAX - 1, state->id);
		snprintf(identity.name, sizeof(identity.name), "%s", state->id);
		snprintf(identity.runtime, sizeof(identity.runtime), "%s", runtime);
		entry->known.identity = identity;
		snprintf(entry->known.label.name, CONTAINER_LABEL_MAX, "%s", state->id);
		snprintf(entry->known.label.runtime, sizeof(entry->known.label.runtime), "%s", runtime);
		entry->named = true;
		show(&entry->known);
	}
	entry->seen_ns = now_ns;
}

static void read_state(struct container_names *names, int dir_fd, const char *id, bool is_runc, uint64_t now_ns)
{
	char path[2 * CONTAINER_LABEL_MAX], *text;
	struct container_state state = {};
	size_t len;
	int err;

	if (snprintf(path, sizeof(path), "%s/%s", id, is_runc ? "state.json" : "status") >= (int)sizeof(path))
		return;
	text = container_files__read(dir_fd, path, ANY_OWNER, &len);
	if (!text)
		return;
	err = is_runc ? container_config__runc(text, len, &state) : container_config__crun(text, len, id, &state);
	free(text);
	if (!err)
		note_state(names, &state, is_runc ? "runc" : "crun", now_ns);
}

static void read_states(struct container_names *names, const char *folder, bool is_runc, uint64_t now_ns)
{
	DIR *dir = file__folder(names->root_fd, folder);
	const struct dirent *file;

	if (!dir)
		return;
	/* whose name is an id belongs to podman and others, whose cgroups tell it themselves */
	for (int i = 0; i < STATES_MOST && (file = readdir(dir));)
		if (file->d_name[0] != '.' && !container_files__is_id(file->d_name)) {
			read_state(names, dirfd(dir), file->d_name, is_runc, now_ns);
			i++;
		}
	closedir(dir);
}

void container_names__refresh(struct container_names *names, const struct cgroup_tree *tree, uint64_t now_ns)
{
	struct entry *entry, *next;

	take_answers(names);
	read_states(names, "run/runc", true, now_ns);
	read_states(names, "run/crun", false, now_ns);
	for (size_t i = 0; tree && i < tree->count; i++)
		note_path(names, tree->nodes[i].path, now_ns);
	HASH_ITER (hh, names->entries, entry, next)
		if (now_ns - entry->seen_ns > KEEP_NS)
			free_entry(names, entry);
}

/* by hand: the cgroup or one above it */
static const struct container_known *find_by_path(const struct container_names *names, const char *path)
{
	for (size_t len = strlen(path); len > 1;) {
		const struct entry *entry = find_entry(names, path, len);

		if (entry)
			return &entry->known;
		while (len && path[--len] != '/')
			;
	}
	return NULL;
}

const struct container_known *container_names__find(const struct container_names *names, const char *path)
{
	struct container_identity identity;
	const struct entry *entry;

	if (!names)
		return NULL;
	container__identify(path, &identity);
	if (identity.kind < CONTAINER_POD)
		return find_by_path(names, path);
	entry = find_entry(names, path, identity.place);
	return entry ? &entry->known : NULL;
}
