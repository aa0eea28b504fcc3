/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose cgroup it is, from its path alone: container, pod, machine, service, scope, session, slice.
 * Pure: no runtime is asked. v1 and v2 use the same names for the last components.
 *
 * Sources of the patterns: runc docs/systemd.md, podman (libpod cgroup names), CRI-O, kubelet
 * cgroup manager, systemd.special(7), systemd-nspawn(1), libvirt cgroups.html, LXC container.conf.
 */
#ifndef PAGETIDE_USER_CONTAINER_H
#define PAGETIDE_USER_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_RUNTIME_MAX 32
#define CONTAINER_ID_MAX 128
#define CONTAINER_POD_UID_MAX 72
#define CONTAINER_QOS_MAX 16
#define CONTAINER_UNIT_MAX 256
#define CONTAINER_NAME_MAX 256
#define CONTAINER_SHORT_ID 12

enum container_kind {
	CONTAINER_NONE,
	CONTAINER_SLICE,   /* user.slice */
	CONTAINER_SCOPE,   /* run-r123.scope, app-....scope */
	CONTAINER_SESSION, /* session-3.scope */
	CONTAINER_SERVICE, /* nginx.service */
	CONTAINER_POD,     /* a kubernetes or podman pod itself, not one of its containers */
	CONTAINER_MACHINE, /* nspawn, LXC, libvirt */
	CONTAINER_CONTAINER,
};

/*
 * Two are the same container only where that cgroup is the same: ids are chosen by whoever makes a cgroup, and names
 * of machines are one runtime's, one user's. Strings are empty where the path does not tell; too long ones are cut.
 */
struct container_identity {
	enum container_kind kind;
	size_t place; /* how much of the path is its topmost cgroup: container, machine, pod; 0: none of them */
	char runtime[CONTAINER_RUNTIME_MAX]; /* "docker" "containerd" "cri-o" "podman" "lxc" ... */
	char id[CONTAINER_ID_MAX];           /* container id, or the name of a machine */
	char pod_uid[CONTAINER_POD_UID_MAX]; /* with dashes; static pods 32 hex; podman's pod id */
	char qos[CONTAINER_QOS_MAX];         /* "guaranteed" "burstable" "besteffort" */
	char unit[CONTAINER_UNIT_MAX];       /* systemd unit: the innermost service or scope */
	char slice[CONTAINER_UNIT_MAX];      /* the innermost slice */
	char name[CONTAINER_NAME_MAX];       /* for people: id cut to 12, machine name, unit, slice */
};

/*
 * Fills *out; never fails: what is not recognised is CONTAINER_NONE with empty strings. With
 * containers in containers the innermost wins. Leading "/../" (a cgroup namespace) is skipped.
 */
void container__identify(const char *cgroup_path, struct container_identity *out);

/*
 * Whether a folder of this path is named by a container's id or, of kubelet's, by a pod's uid: what is mounted there
 * is theirs. docker/containers/ID/mounts/shm, libpod's ID/userdata/shm, containerd's sandboxes/ID/shm,
 * kubelet/pods/UID/volumes/….
 */
bool container__is_folder_of(const char *path);

/* "container", "machine", ...; "none". Static. */
const char *container__kind_name(enum container_kind kind);

#endif
