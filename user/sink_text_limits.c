// SPDX-License-Identifier: GPL-2.0-only
/* Limits in a line for people. */
#include "limit_sinks.h"

#include <inttypes.h>

#include "escape.h"
#include "out.h"
#include "units.h"
#include "warning_text.h"

static void put_name(FILE *out, const char *before, const char *name)
{
	fputs(before, out);
	out__escaped(out, escape__text, name);
}

static void put_figure(FILE *out, const char *before, uint64_t bytes, const char *after)
{
	char text[UNITS_MAX];

	if (is_known(bytes))
		fprintf(out, "%s%s%s", before, units__bytes(text, bytes), after);
}

static void put_who(FILE *out, const char *before, const struct warning *who)
{
	char text[512];

	for (size_t i = 0; who && i < who->culprit_count; i++) {
		warning_text__culprit(&who->culprits[i], text, sizeof(text));
		put_name(out, i ? ", " : before, text);
	}
}

void sink_text__warning(FILE *out, const struct warning *warning)
{
	char line[WARNING_LINE_MAX];

	warning_text__line(warning, line, sizeof(line));
	put_name(out, " ", line);
}

void sink_text__refused(FILE *out, const struct event *e)
{
	char text[128];

	if (e->type == EVENT_SIGBUS)
		fputs(" touched a page of a mapping that a full tmpfs could not give (SIGBUS)", out);
	else if (e->refused.is_short)
		fprintf(out, " %s was cut short", e->refused.call);
	else
		fprintf(out, " %s failed: No space left on device", e->refused.call ? e->refused.call : "a call");
	if (e->refused.path && e->refused.path[0])
		put_name(out, ": ", e->refused.path);
	put_figure(out, ", ", e->refused.written_bytes, " written");
	put_figure(out, " of ", e->refused.wanted_bytes, " wanted");
	if (e->refused.mount) {
		put_name(out, "; ", e->refused.mount);
		if (e->refused.limit)
			fprintf(out, " is at the limit of its %s", e->refused.limit);
		put_figure(out, ", ", e->refused.used_bytes, "");
		put_figure(out, " of ", e->refused.limit_bytes, "");
	}
	if (is_known(e->refused.used_inodes) && is_known(e->refused.limit_inodes))
		fprintf(out, ", %" PRIu64 " of %" PRIu64 " inodes", e->refused.used_inodes, e->refused.limit_inodes);
	put_who(out, "; there: ", e->refused.who);
	if (e->refused.who && warning_text__unattributed(e->refused.who, text, sizeof(text)))
		fprintf(out, "; %s", text);
}

void sink_text__denied(FILE *out, const struct event *e)
{
	bool pool = e->type == EVENT_HUGETLB;

	if (e->denied.call)
		fprintf(out, " %s failed", e->denied.call);
	else
		fputs(" touched a huge page that the pool could not give (SIGBUS)", out);
	put_figure(out, ": ", e->denied.wanted_bytes, " wanted");
	if (pool)
		put_figure(out, "; the pool of ", e->denied.page_bytes, " pages has");
	else
		fputs("; RLIMIT_MEMLOCK is", out);
	put_figure(out, " ", e->denied.limit_bytes, "");
	put_figure(out, ", ", e->denied.used_bytes, " are used");
	if (pool && e->denied.reserved_bytes)
		put_figure(out, ", of these ", e->denied.reserved_bytes, " are promised and not touched");
	put_name(out, "; ", e->denied.advice);
}

void sink_text__oom_scope(FILE *out, const struct event *e)
{
	if (e->oom.scope) {
		put_name(out, "; cgroup ", e->oom.scope);
		put_figure(out, " was at its limit: ", e->oom.usage_bytes, "");
		put_figure(out, " of ", e->oom.limit_bytes, "");
	} else {
		fputs(e->oom.scope_known ? "; the machine was out of memory"
					 : "; this kernel does not tell whether a cgroup or the machine was full",
		      out);
		put_figure(out, ", available at the last reading: ", e->oom.available_bytes, "");
	}
	if (is_known(e->oom.swap_usage_bytes) && e->oom.swap_usage_bytes)
		put_figure(out, ", its swap ", e->oom.swap_usage_bytes, "");
	if (is_known(e->oom.charged_tmpfs_bytes) && e->oom.charged_tmpfs_bytes)
		put_figure(out, ", tmpfs pages charged to it ", e->oom.charged_tmpfs_bytes, "");
	put_who(out, "; the largest: ", e->oom.who);
}
