// SPDX-License-Identifier: GPL-2.0-only
/* The border to the kernel side. It must never read beyond the length that it was given. */
#include "decode.h"

#include <errno.h>
#include <string.h>

static const uint16_t least[RECORD_TYPES] = {
	[RECORD_FILE] = sizeof(struct record_file) - PATH_BYTES,
	[RECORD_FILE_GONE] = sizeof(struct record_file_gone),
	[RECORD_FORK] = sizeof(struct record_fork),
	[RECORD_EXEC] = sizeof(struct record_exec),
	[RECORD_EXIT] = sizeof(struct record_exit),
	[RECORD_OOM] = sizeof(struct record_oom),
	[RECORD_MAP] = sizeof(struct record_map),
	[RECORD_FULL] = sizeof(struct record_full),
	[RECORD_LIMIT] = sizeof(struct record_limit),
	[RECORD_REFUSED] = sizeof(struct record_refused),
	[RECORD_DENIED] = sizeof(struct record_denied),
};

static void end_comm(struct record_process *process)
{
	process->comm[COMM_LENGTH - 1] = '\0';
}

/* strings ended, inner lengths within the record */
static int check(struct record *head, size_t length)
{
	switch (head->type) {
	case RECORD_FILE: {
		struct record_file *record = (void *)head;
		return record->path_length <= length - least[RECORD_FILE] ? 0 : -EINVAL;
	}
	case RECORD_FILE_GONE:
		((struct record_file_gone *)head)->owner_comm[COMM_LENGTH - 1] = '\0';
		return 0;
	case RECORD_FORK:
		end_comm(&((struct record_fork *)head)->child);
		return 0;
	case RECORD_EXEC: {
		struct record_exec *record = (void *)head;
		end_comm(&record->process);
		record->path[EXEC_PATH_BYTES - 1] = '\0';
		return 0;
	}
	case RECORD_EXIT:
		end_comm(&((struct record_exit *)head)->process);
		return 0;
	case RECORD_OOM: {
		struct record_oom *record = (void *)head;
		end_comm(&record->victim);
		record->trigger_comm[COMM_LENGTH - 1] = '\0';
		return record->path_length <= CGROUP_PATH_BYTES ? 0 : -EINVAL;
	}
	case RECORD_LIMIT:
		end_comm(&((struct record_limit *)head)->process);
		return 0;
	case RECORD_DENIED:
		end_comm(&((struct record_denied *)head)->process);
		return 0;
	case RECORD_REFUSED: {
		struct record_refused *record = (void *)head;
		end_comm(&record->process);
		record->path[MAPPED_PATH_BYTES - 1] = '\0';
		return record->path_length <= MAPPED_PATH_BYTES ? 0 : -EINVAL;
	}
	case RECORD_MAP: {
		struct record_map *record = (void *)head;
		end_comm(&record->process);
		return record->path_length <= MAPPED_PATH_BYTES ? 0 : -EINVAL;
	}
	default:
		return 0;
	}
}

const struct record *decode(void *data, size_t length, struct decode_stats *stats)
{
	struct record *head = data;

	stats->records++;
	if (length < sizeof(*head) || head->type == RECORD_NONE || head->type >= RECORD_TYPES ||
	    length < least[head->type] || head->length < least[head->type] || head->length > length ||
	    check(head, head->length)) {
		stats->odd++;
		return NULL;
	}
	return head;
}

int decode__path(const char *components, size_t length, unsigned flags, char *out, size_t size)
{
	size_t at = 0, end = length;
	const char *cut = flags & PATH_CUT ? "…" : "";

	if (size == 0)
		return -ENAMETOOLONG;
	if (length && components[length - 1] != '\0')
		return -EINVAL;
	at = strlen(cut);
	if (at >= size)
		return -ENAMETOOLONG;
	memcpy(out, cut, at);
	while (end > 0) {
		size_t begin = end - 1, n;

		while (begin > 0 && components[begin - 1] != '\0')
			begin--;
		n = end - 1 - begin;
		if (at + 1 + n >= size)
			return -ENAMETOOLONG;
		out[at++] = '/';
		memcpy(out + at, components + begin, n);
		at += n;
		end = begin;
	}
	out[at] = '\0';
	return (int)at;
}
