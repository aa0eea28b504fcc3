// SPDX-License-Identifier: GPL-2.0-only
/* What the limits ask of the model between readings. */
#include "model_private.h"

const char *model__path_of(const struct model *model, uint32_t file, uint64_t birth_ns, bool *whole)
{
	const struct file_state *state;

	if (file >= model->file_slots || model->files[file].birth_ns != birth_ns)
		return NULL;
	state = &model->files[file];
	*whole = state->full != NULL;
	return state->full ? state->full : state->path;
}

const char *model__cgroup_of(const struct model *model, uint64_t id, const char **container)
{
	const struct cgroup_state *state = model__cgroup(model, id);

	if (container)
		*container = state && state->in ? state->in->shown : NULL;
	return state ? state->path : NULL;
}

const char *model__comm_of(const struct model *model, uint32_t pid, uint64_t start_ns)
{
	const struct process *process = model__process((struct model *)model, start_ns, pid, false);

	return process ? process->comm : NULL;
}

void model__tell(struct model *model, struct event *event, uint32_t pid, uint64_t start_ns)
{
	model__emit(model, event, pid ? model__process(model, start_ns, pid, false) : NULL);
}
