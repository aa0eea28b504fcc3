// SPDX-License-Identifier: GPL-2.0-only
/* Whose pages they are, by the contract: who brings a page in owns it; what goes is taken from the owners, exactly
 * from a single one, proportionally from several. */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_PER_HUGE 512

int model__init(struct model *m, int objects, int64_t max_pages)
{
	memset(m, 0, sizeof(*m));
	m->object_count = objects;
	m->max_pages = (size_t)max_pages;
	/* a huge page may reach beyond the last page that is drawn; fallocate past the end too */
	m->pages = ((size_t)max_pages + 2 * PAGES_PER_HUGE - 1) & -(size_t)PAGES_PER_HUGE;
	for (int i = 0; i < objects; i++) {
		m->objects[i].present = calloc(1, m->pages);
		if (!m->objects[i].present)
			return -ENOMEM;
		object__born(m, &m->objects[i], KIND_NONE);
	}
	return 0;
}

void model__free(struct model *m)
{
	for (int i = 0; i < m->object_count; i++)
		free(m->objects[i].present);
}

bool object__is_held(const struct object *o)
{
	for (int i = 0; i < WORKERS_MAX; i++)
		if (o->fd[i] >= 0 || o->addr[i])
			return true;
	return false;
}

bool object__alive(const struct object *o)
{
	if (o->kind == KIND_NONE)
		return false;
	if (o->kind == KIND_SYSV && !o->removed)
		return true;
	return o->path[0] || object__is_held(o);
}

void object__born(struct model *m, struct object *o, enum kind kind)
{
	uint8_t *present = o->present;

	memset(present, 0, m->pages);
	memset(o, 0, sizeof(*o));
	o->present = present;
	o->kind = kind;
	o->shmid = -1;
	o->exact = true;
	for (int i = 0; i < WORKERS_MAX; i++)
		o->fd[i] = -1;
}

void object__died(struct model *m, struct object *o)
{
	if (m->gone_count < ARRAY_LEN(m->gone))
		m->gone[m->gone_count++] = (struct gone){ o->dev, o->ino, o->kind };
	object__born(m, o, KIND_NONE);
}

static struct share *share__of(struct object *o, const struct result *who)
{
	for (size_t i = 0; i < o->share_count; i++)
		if (o->shares[i].pid == who->pid && o->shares[i].start_time == who->start_time)
			return &o->shares[i];
	if (o->share_count == SHARES_MAX) {
		fprintf(stderr, "pageops fuzz: an object has more than %d owners\n", SHARES_MAX);
		abort();
	}
	struct share *s = &o->shares[o->share_count++];
	*s = (struct share){ who->pid, who->start_time, 0 };
	return s;
}

static void object__take(struct object *o, size_t removed)
{
	double kept = (double)(o->resident - removed) / (double)o->resident;

	if (removed == o->resident) {
		o->share_count = 0;
		o->exact = true;
	}
	if (o->share_count > 1)
		o->exact = false;
	for (size_t i = 0; i < o->share_count; i++)
		o->shares[i].pages *= kept;
	o->resident -= removed;
}

void object__account(struct object *o, const uint8_t *now, size_t pages, const struct result *who, int *added,
		     int *removed)
{
	size_t come = 0, went = 0;

	for (size_t i = 0; i < pages; i++) {
		come += now[i] && !o->present[i];
		went += !now[i] && o->present[i];
	}
	memcpy(o->present, now, pages);
	if (went)
		object__take(o, went);
	if (come)
		share__of(o, who)->pages += (double)come;
	o->resident += come;
	*added = (int)come;
	*removed = (int)went;
}

const char *kind__name(enum kind kind)
{
	static const char *const names[] = {
		[KIND_NONE] = "none",        [KIND_TMPFS] = "tmpfs", [KIND_DISK] = "file",       [KIND_MEMFD] = "memfd",
		[KIND_ANON] = "shared_anon", [KIND_SYSV] = "sysv",   [KIND_SYMLINK] = "symlink",
	};

	return names[kind];
}

static void object__print(const struct object *o, FILE *out)
{
	const char *comma = "";

	fprintf(out, "{\"path\":");
	json__string(out, o->path);
	fprintf(out, ",\"dev\":");
	json__dev(out, o->dev);
	fprintf(out, ",\"ino\":%llu,\"kind\":\"%s\",\"resident_pages\":%zu,\"deleted\":%s,\"exact\":%s,\"shmid\":%d",
		(unsigned long long)o->ino, kind__name(o->kind), o->resident,
		!o->path[0] && (o->kind == KIND_TMPFS || o->kind == KIND_DISK) ? "true" : "false",
		o->exact ? "true" : "false", o->shmid);
	if (o->kind != KIND_DISK)
		fprintf(out, ",\"st_blocks\":%zu", o->resident * 8); /* checked against the kernel's */
	fprintf(out, ",\"owners\":[");
	for (size_t i = 0; i < o->share_count; i++) {
		fprintf(out, "%s{", comma);
		json__process(out, o->shares[i].pid, o->shares[i].start_time);
		fprintf(out, ",\"pages\":%.6f,\"exact\":%s}", o->shares[i].pages, o->exact ? "true" : "false");
		comma = ",";
	}
	fprintf(out, "]}");
}

void model__print(const struct model *m, FILE *out)
{
	const char *comma = "";

	fprintf(out, "\"files\":[");
	for (int i = 0; i < m->object_count; i++) {
		if (m->objects[i].kind == KIND_NONE)
			continue;
		fputs(comma, out);
		object__print(&m->objects[i], out);
		comma = ",";
	}
	fprintf(out, "],\"gone\":[");
	comma = "";
	for (size_t i = 0; i < m->gone_count; i++) {
		fprintf(out, "%s{\"dev\":", comma);
		json__dev(out, m->gone[i].dev);
		fprintf(out, ",\"ino\":%llu,\"kind\":\"%s\"}", (unsigned long long)m->gone[i].ino,
			kind__name(m->gone[i].kind));
		comma = ",";
	}
	fprintf(out, "]");
}
