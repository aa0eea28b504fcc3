// SPDX-License-Identifier: GPL-2.0-only
/* Cgroup rows, and the path and container of a cgroup id, kept while anyone needs it. */
#include "model_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"

const struct cgroup_state *model__cgroup(const struct model *model, uint64_t id)
{
	struct cgroup_state *state;

	HASH_FIND(hh, model->cgroups, &id, sizeof(id), state);
	return state;
}

static void free_cgroup(struct model *model, struct cgroup_state *state)
{
	HASH_DEL(model->cgroups, state);
	free(state->path);
	free(state->unit);
	free(state->in);
	free(state);
}

void model__free_cgroups(struct model *model)
{
	struct cgroup_state *state, *next;

	HASH_ITER (hh, model->cgroups, state, next)
		free_cgroup(model, state);
}

/* a name may come later than its cgroup */
static void note_container(struct model *model, struct cgroup_state *state, const struct container_known *known)
{
	if (model__is_container(state->in, known))
		return;
	free(state->in);
	state->in = model__container(known);
	if (known && !state->in)
		model->failed = true;
}

/* only the path tells: the collector knows no more */
static void identify(struct model *model, struct cgroup_state *state, const struct container_identity *identity)
{
	struct container_known known = { .identity = *identity };
	char *place;

	if (identity->kind < CONTAINER_POD)
		return;
	known.cgroup = place = strndup(state->path, identity->place);
	snprintf(known.shown, sizeof(known.shown), "%s", identity->name);
	if (place)
		note_container(model, state, &known);
	else
		model->failed = true;
	free(place);
}

static struct cgroup_state *new_cgroup(struct model *model, const struct cgroup_node *node)
{
	struct cgroup_state *state = calloc(1, sizeof(*state));
	struct container_identity identity;

	if (!state || !(state->path = strdup(node->path))) {
		free(state);
		model->failed = true;
		return NULL;
	}
	container__identify(node->path, &identity);
	identify(model, state, &identity);
	if (identity.unit[0])
		state->unit = strdup(identity.unit);
	state->id = node->id;
	HASH_ADD(hh, model->cgroups, id, sizeof(state->id), state);
	return state;
}

static struct cgroup_state *note_cgroup(struct model *model, const struct cgroup_node *node)
{
	struct cgroup_state *state;

	HASH_FIND(hh, model->cgroups, &node->id, sizeof(node->id), state);
	if (state && strcmp(state->path, node->path) == 0)
		return state;
	if (state) /* renamed (v1) */
		free_cgroup(model, state);
	return new_cgroup(model, node);
}

static uint64_t figure(struct parse_figure figure)
{
	return figure.has ? figure.value : ABSENT;
}

static bool is_inner(const struct model *model, const struct cgroup_tree *tree, const struct cgroup_node *node,
		     const struct cgroup_state *state)
{
	const struct cgroup_state *above = NULL;

	if (node->parent != CGROUP_NO_NODE)
		above = model__cgroup(model, tree->nodes[node->parent].id);
	return above && above->in && state->in && strcmp(above->in->cgroup, state->in->cgroup) == 0;
}

static void fill_row(struct model *model, const struct reading *reading, uint32_t index, struct cgroup_state *state)
{
	const struct cgroup_node *node = &reading->cgroups->nodes[index];
	const struct cgroup_figures *in = &node->figures;
	struct snapshot_cgroup *row = rows__add(model, &model->cgroup_rows, sizeof(*row));
	struct cgroup_tightest tightest;

	if (!row)
		return;
	row->path = state->path;
	row->container = state->in ? state->in->shown : NULL;
	row->in = state->in;
	row->inner = is_inner(model, reading->cgroups, node, state);
	row->id = node->id;
	row->version = reading->cgroups->version;
	row->usage_bytes = figure(in->usage_bytes);
	row->peak_bytes = figure(in->peak_bytes);
	row->limit_bytes = figure(in->limit_bytes);
	row->high_bytes = figure(in->high_bytes);
	row->soft_bytes = figure(in->soft_bytes);
	row->anon_bytes = figure(in->anon_bytes);
	row->file_bytes = figure(in->file_bytes);
	row->shmem_bytes = figure(in->shmem_bytes);
	row->kernel_bytes = figure(in->kernel_bytes);
	row->swap_bytes = figure(in->swap_bytes);
	row->reclaimable_bytes = figure(in->reclaimable_bytes);
	row->tightest_limit_bytes = row->tightest_room_bytes = ABSENT;
	if (cgroup__tightest(reading->cgroups, index, CGROUP_LIMIT_MAX | CGROUP_LIMIT_HIGH, &tightest) == 0) {
		const struct cgroup_state *limited = model__cgroup(model, reading->cgroups->nodes[tightest.node].id);

		row->tightest_path = limited ? limited->path : NULL;
		row->tightest_limit_bytes = tightest.limit_bytes;
		row->tightest_room_bytes = tightest.room_bytes;
	}
	row->usage_rate = model__rate(model, state->has_last && in->usage_bytes.has, in->usage_bytes.value,
				      state->last_usage, reading);
	state->last_usage = in->usage_bytes.value;
	state->has_last = in->usage_bytes.has;
}

static bool is_used(const struct model *model, uint64_t id)
{
	const struct process *process;

	for (process = model->processes; process; process = process->hh.next) {
		if (process->cgroup == id)
			return true;
	}
	return false;
}

void model__cgroups(struct model *model, const struct reading *reading)
{
	struct cgroup_state *state, *next;

	if (!reading->cgroups)
		return;
	HASH_ITER (hh, model->cgroups, state, next)
		state->seen = false;
	/* parents come before children, so a tightest ancestor is always known already */
	for (uint32_t i = 0; i < reading->cgroups->count; i++) {
		state = note_cgroup(model, &reading->cgroups->nodes[i]);
		if (!state)
			return;
		state->seen = true;
		if (reading->containers && reading->containers[i])
			note_container(model, state, reading->containers[i]);
		fill_row(model, reading, i, state);
	}
	/* a removed cgroup's name stays while a process that was in it is told of */
	HASH_ITER (hh, model->cgroups, state, next) {
		if (state->seen || is_used(model, state->id))
			continue;
		free_cgroup(model, state);
	}
}
