// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup path to identity, by one table of patterns for one path component each. Whoever may make
 * cgroups chooses their names: a name that only looks nearly like an id must not become one.
 */
#include "container.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "parse.h"

#define HEX_ID_LEN 64
#define UUID_LEN 36
#define STATIC_POD_LEN 32

enum form {
	FORM_HEX64,   /* 64 lower-case hex digits */
	FORM_TEXT,    /* anything, not empty */
	FORM_UNIT,    /* anything, systemd escapes (\x2d) undone */
	FORM_VM,      /* NUMBER-NAME, escapes undone: libvirt */
	FORM_PREFIX,  /* PREFIX-hex64: PREFIX is the runtime */
	FORM_POD_UID, /* a kubernetes pod uid, '_' or '-' between its parts, or 32 hex */
};

/* First match wins. A component is before + what the form takes + after. */
struct pattern {
	const char *parent; /* the component above; NULL: any */
	const char *before, *after;
	enum form form;
	enum container_kind kind; /* NONE: a helper that only looks like a container */
	const char *runtime;      /* "": the path does not tell */
	const char *qos;          /* of pods */
};

#define HELPER(before, after)                                          \
	{                                                              \
		NULL, before, after, FORM_TEXT, CONTAINER_NONE, "", "" \
	}
#define CONTAINER(parent, before, after, runtime)                                   \
	{                                                                           \
		parent, before, after, FORM_HEX64, CONTAINER_CONTAINER, runtime, "" \
	}
#define POD(parent, before, after, qos)                                     \
	{                                                                   \
		parent, before, after, FORM_POD_UID, CONTAINER_POD, "", qos \
	}
#define PODMAN_POD(parent, before, after)                                      \
	{                                                                      \
		parent, before, after, FORM_HEX64, CONTAINER_POD, "podman", "" \
	}
#define MACHINE(parent, before, after, form, runtime)                       \
	{                                                                   \
		parent, before, after, form, CONTAINER_MACHINE, runtime, "" \
	}

static const struct pattern patterns[] = {
	HELPER("crio-conmon-", ".scope"),
	HELPER("libpod-conmon-", ".scope"),

	CONTAINER(NULL, "docker:", "", "docker"),
	CONTAINER(NULL, "cri-containerd-", ".scope", "containerd"),
	CONTAINER(NULL, "cri-containerd:", "", "containerd"),
	CONTAINER(NULL, "nerdctl-", ".scope", "containerd"),
	CONTAINER(NULL, "nerdctl:", "", "containerd"),
	CONTAINER(NULL, "crio-", ".scope", "cri-o"),
	CONTAINER(NULL, "crio-", "", "cri-o"),
	CONTAINER(NULL, "crio:", "", "cri-o"),
	CONTAINER(NULL, "libpod-payload-", "", "podman"),
	CONTAINER(NULL, "libpod-", ".scope", "podman"),
	CONTAINER(NULL, "libpod-", "", "podman"),
	CONTAINER("docker", "", "", "docker"),
	{ NULL, "runc-", ".scope", FORM_UNIT, CONTAINER_CONTAINER, "runc", "" },
	/* All others on runc: docker-..., garden-... */
	{ NULL, "", ".scope", FORM_PREFIX, CONTAINER_CONTAINER, "", "" },
	{ "buildkit", "", "", FORM_TEXT, CONTAINER_CONTAINER, "buildkit", "" },

	PODMAN_POD(NULL, "machine-libpod_pod_", ".slice"),
	PODMAN_POD(NULL, "user-libpod_pod_", ".slice"),
	PODMAN_POD("libpod_parent", "", ""),
	POD(NULL, "kubepods-burstable-pod", ".slice", "burstable"),
	POD(NULL, "kubepods-besteffort-pod", ".slice", "besteffort"),
	POD(NULL, "kubepods-pod", ".slice", "guaranteed"),
	POD(NULL, "kubelet-kubepods-burstable-pod", ".slice", "burstable"),
	POD(NULL, "kubelet-kubepods-besteffort-pod", ".slice", "besteffort"),
	POD(NULL, "kubelet-kubepods-pod", ".slice", "guaranteed"),
	POD("burstable", "pod", "", "burstable"),
	POD("besteffort", "pod", "", "besteffort"),
	POD("kubepods", "pod", "", "guaranteed"),

	/* After the pods: below one, or anywhere else, whose runtime the path does not tell. */
	CONTAINER(NULL, "", "", ""),

	MACHINE(NULL, "machine-qemu\\x2d", ".scope", FORM_VM, "libvirt"),
	MACHINE(NULL, "machine-lxc\\x2d", ".scope", FORM_VM, "libvirt-lxc"),
	MACHINE("machine", "qemu-", ".libvirt-qemu", FORM_VM, "libvirt"),
	MACHINE("machine", "lxc-", ".libvirt-lxc", FORM_VM, "libvirt-lxc"),
	MACHINE(NULL, "machine-", ".scope", FORM_UNIT, "nspawn"),
	MACHINE(NULL, "systemd-nspawn@", ".service", FORM_UNIT, "nspawn"),
	MACHINE(NULL, "lxc.payload.", "", FORM_TEXT, "lxc"),
	MACHINE("lxc.payload", "", "", FORM_TEXT, "lxc"),
	MACHINE("lxc", "", "", FORM_TEXT, "lxc"),
};

static bool is_hex(struct parse_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return s.len > 0;
}

static bool is_pod_uid(struct parse_span s)
{
	static const size_t parts[] = { 8, 4, 4, 4, 12 };

	if (s.len == STATIC_POD_LEN)
		return is_hex(s);
	if (s.len != UUID_LEN)
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!is_hex((struct parse_span){ s.p, parts[i] }))
			return false;
		s.p += parts[i];
		s.len -= parts[i];
		if (s.len && *s.p != '-' && *s.p != '_')
			return false;
		s.p += s.len ? 1 : 0;
		s.len -= s.len ? 1 : 0;
	}
	return true;
}

static void put(struct parse_span text, char *dst, size_t cap)
{
	if (parse__copy(text, dst, cap) == -EINVAL)
		dst[0] = '\0';
}

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* systemd's escapes; only printable ASCII is undone, the rest stays as it is. */
static void put_unescaped(struct parse_span text, char *dst, size_t cap)
{
	size_t used = 0;

	for (size_t i = 0; i < text.len && used + 1 < cap; i++) {
		char c = text.p[i];

		if (c == '\\' && text.len - i >= 4 && text.p[i + 1] == 'x' &&
		    is_hex((struct parse_span){ text.p + i + 2, 2 })) {
			int value = hex_value(text.p[i + 2]) * 16 + hex_value(text.p[i + 3]);

			if (value >= 0x20 && value < 0x7f) {
				c = (char)value;
				i += 3;
			}
		}
		dst[used++] = c;
	}
	dst[used] = '\0';
}

static bool ends(struct parse_span s, const char *text)
{
	size_t len = strlen(text);

	return s.len >= len && memcmp(s.p + s.len - len, text, len) == 0;
}

/* "3-NAME" or "3\x2dNAME": takes the number and the dash off. */
static bool take_vm_number(struct parse_span *s)
{
	uint64_t number;

	if (s->len == 0 || s->p[0] < '0' || s->p[0] > '9' || parse__take_u64(s, &number))
		return false;
	for (const char *const *dash = (const char *const[]){ "-", "\\x2d", NULL }; *dash; dash++) {
		size_t len = strlen(*dash);

		if (!parse__starts(*s, *dash))
			continue;
		s->p += len;
		s->len -= len;
		return s->len > 0;
	}
	return false;
}

/* Whether the form takes all of *s; leaves in it what is the id, in *runtime what is found. */
static bool form_takes(enum form form, struct parse_span *s, struct parse_span *runtime)
{
	switch (form) {
	case FORM_HEX64:
		return s->len == HEX_ID_LEN && is_hex(*s);
	case FORM_TEXT:
	case FORM_UNIT:
		return s->len > 0;
	case FORM_VM:
		return take_vm_number(s);
	case FORM_POD_UID:
		return is_pod_uid(*s);
	case FORM_PREFIX:
		if (s->len < HEX_ID_LEN + 2 || s->p[s->len - HEX_ID_LEN - 1] != '-')
			return false;
		*runtime = (struct parse_span){ s->p, s->len - HEX_ID_LEN - 1 };
		*s = (struct parse_span){ s->p + s->len - HEX_ID_LEN, HEX_ID_LEN };
		return is_hex(*s);
	}
	return false;
}

static bool matches(const struct pattern *row, struct parse_span parent, struct parse_span component,
		    struct parse_span *id, struct parse_span *runtime)
{
	size_t before = strlen(row->before), after = strlen(row->after);

	if (row->parent && !parse__equals(parent, row->parent))
		return false;
	if (component.len <= before + after || !parse__starts(component, row->before) || !ends(component, row->after))
		return false;
	*id = (struct parse_span){ component.p + before, component.len - before - after };
	*runtime = (struct parse_span){ row->runtime, strlen(row->runtime) };
	return form_takes(row->form, id, runtime);
}

static void note_unit(struct parse_span component, struct container_identity *out)
{
	if (ends(component, ".slice"))
		put(component, out->slice, sizeof(out->slice));
	/* A manager's own init.scope says less than the service or session around it. */
	else if (ends(component, ".service") ||
		 (ends(component, ".scope") && !(out->unit[0] && parse__equals(component, "init.scope"))))
		put(component, out->unit, sizeof(out->unit));
}

static void note_pod(const struct pattern *row, struct parse_span uid, struct container_identity *out)
{
	put(uid, out->pod_uid, sizeof(out->pod_uid));
	for (char *p = out->pod_uid; *p; p++)
		if (*p == '_')
			*p = '-';
	strcpy(out->qos, row->qos);
	out->id[0] = '\0'; /* an id further up is of what the pod runs in */
}

/* a container may name cgroups of its own by its id */
static bool is_same(const struct pattern *row, struct parse_span id, const struct container_identity *out)
{
	return out->kind == CONTAINER_CONTAINER && row->kind == CONTAINER_CONTAINER && id.len == HEX_ID_LEN &&
	       parse__equals(id, out->id);
}

/* whether a container, machine or pod begins here */
static bool note_component(struct parse_span parent, struct parse_span component, struct container_identity *out)
{
	struct parse_span id, runtime;
	bool begins;

	note_unit(component, out);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		const struct pattern *row = &patterns[i];

		if (!matches(row, parent, component, &id, &runtime))
			continue;
		if (row->kind == CONTAINER_NONE)
			return false;
		begins = !is_same(row, id, out);
		out->kind = row->kind;
		put(runtime, out->runtime, sizeof(out->runtime));
		if (row->kind == CONTAINER_POD)
			note_pod(row, id, out);
		else if (row->form == FORM_UNIT || row->form == FORM_VM)
			put_unescaped(id, out->id, sizeof(out->id));
		else
			put(id, out->id, sizeof(out->id));
		return begins;
	}
	return false;
}

/* runc without systemd keeps "SLICE:PREFIX:ID" as one component: it names two. */
static bool note_whole(struct parse_span parent, struct parse_span component, struct container_identity *out)
{
	struct parse_span rest = component, slice;

	if (parse__until(&rest, ':', &slice) && rest.p && ends(slice, ".slice")) {
		bool pod = note_component(parent, slice, out);

		return note_component(slice, rest, out) || pod;
	}
	return note_component(parent, component, out);
}

static enum container_kind unit_kind(const struct container_identity *out)
{
	struct parse_span unit = { out->unit, strlen(out->unit) };

	if (ends(unit, ".service"))
		return CONTAINER_SERVICE;
	if (unit.len)
		return parse__starts(unit, "session-") ? CONTAINER_SESSION : CONTAINER_SCOPE;
	return out->slice[0] ? CONTAINER_SLICE : CONTAINER_NONE;
}

static void put_name(struct container_identity *out)
{
	const char *from = "";
	struct parse_span text;

	switch (out->kind) {
	case CONTAINER_CONTAINER:
	case CONTAINER_MACHINE:
		from = out->id;
		break;
	case CONTAINER_POD:
		from = out->pod_uid;
		break;
	case CONTAINER_SERVICE:
	case CONTAINER_SCOPE:
	case CONTAINER_SESSION:
		from = out->unit;
		break;
	case CONTAINER_SLICE:
		from = out->slice;
		break;
	case CONTAINER_NONE:
		break;
	}
	text = (struct parse_span){ from, strlen(from) };
	/* Only what is random is cut; a name is shown whole. */
	if (out->kind == CONTAINER_POD || (text.len == HEX_ID_LEN && is_hex(text)))
		text.len = text.len < CONTAINER_SHORT_ID ? text.len : CONTAINER_SHORT_ID;
	put(text, out->name, sizeof(out->name));
}

void container__identify(const char *cgroup_path, struct container_identity *out)
{
	struct parse_span rest = { cgroup_path, strlen(cgroup_path) }, component, parent = { "", 0 };

	memset(out, 0, sizeof(*out));
	while (parse__until(&rest, '/', &component)) {
		if (component.len == 0 || parse__equals(component, "..") || parse__equals(component, "."))
			continue;
		if (note_whole(parent, component, out))
			out->place = (size_t)(component.p + component.len - cgroup_path);
		parent = component;
	}
	if (out->kind == CONTAINER_NONE)
		out->kind = unit_kind(out);
	put_name(out);
}

bool container__is_folder_of(const char *path)
{
	struct parse_span rest = { path, strlen(path) }, component, parent = { "", 0 };

	while (parse__until(&rest, '/', &component)) {
		if (component.len == HEX_ID_LEN && is_hex(component))
			return true;
		if (parse__equals(parent, "pods") && is_pod_uid(component))
			return true;
		parent = component;
	}
	return false;
}

const char *container__kind_name(enum container_kind kind)
{
	static const char *const names[] = {
		[CONTAINER_NONE] = "none",       [CONTAINER_SLICE] = "slice",         [CONTAINER_SCOPE] = "scope",
		[CONTAINER_SESSION] = "session", [CONTAINER_SERVICE] = "service",     [CONTAINER_POD] = "pod",
		[CONTAINER_MACHINE] = "machine", [CONTAINER_CONTAINER] = "container",
	};

	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "none";
}
