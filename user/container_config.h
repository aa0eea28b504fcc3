/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What container runtimes wrote about a container, as text of files: its name, its pod, its image.
 * Pure. The files may be anybody's (rootless runtimes keep theirs in a home): anything that is not
 * as expected is absent, and no name is longer than CONTAINER_LABEL_MAX.
 *
 * Sources of the keys: containerd pkg/cri/annotations, CRI-O pkg/annotations, kubelet
 * pkg/kubelet/types/labels.go, nerdctl pkg/labels, moby container/container.go (config.v2.json),
 * containers/storage containers.json, runc libcontainer state.json, crun's status file.
 */
#ifndef PAGETIDE_CONTAINER_CONFIG_H
#define PAGETIDE_CONTAINER_CONFIG_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define CONTAINER_LABEL_MAX 256

/* Strings are empty where nobody told. namespace, pod and name are spelled as kubelet has them. */
struct container_label {
	char name[CONTAINER_LABEL_MAX];
	char pod[CONTAINER_LABEL_MAX];
	char pod_namespace[CONTAINER_LABEL_MAX];
	char image[CONTAINER_LABEL_MAX];
	char runtime[32];
};

/*
 * Each fills what is still empty in *out and what the file has. 0; -EINVAL: no such file's text;
 * -ENOENT (storage): the id is not in it.
 */
int container_config__bundle(const char *text, size_t len, struct container_label *out);
int container_config__docker(const char *text, size_t len, struct container_label *out);
int container_config__storage(const char *text, size_t len, const char *id, struct container_label *out);

/*
 * What docker's or podman's daemon tells of a container, or podman's of a pod. -EINVAL: it is another one's, too, or it
 * has no name.
 */
int container_config__inspected(const char *text, size_t len, const char *id, bool is_pod, struct container_label *out);

/* Where the bundle is, from runc's state.json or crun's status. 0; -EINVAL: it does not tell. */
int container_config__bundle_path(const char *text, size_t len, char *path, size_t cap);
/*
 * The folders above this container's own, where containers/storage keeps its lists: the bundle's, and those that
 * its config.json mounts something from. Returns how many, at most `most`.
 */
size_t container_config__storage_folders(const char *bundle, const char *text, size_t len, const char *id,
					 char (*folders)[PATH_MAX], size_t most);

/* Names of kubelet's log files: "POD_NAMESPACE_CONTAINER-ID.log" and the folder "NAMESPACE_POD_UID". */
bool container_config__log_name(const char *file, const char *id, struct container_label *out);
bool container_config__log_folder(const char *folder, const char *pod_uid, struct container_label *out);

/* The state of a container that runc or crun was asked for by hand. */
struct container_state {
	char id[CONTAINER_LABEL_MAX];
	char cgroup[PATH_MAX]; /* in the memory hierarchy, "/a/b" */
};
/* 0; -EINVAL; -ENOENT: it has no memory cgroup */
int container_config__runc(const char *text, size_t len, struct container_state *out);
int container_config__crun(const char *text, size_t len, const char *id, struct container_state *out);

#endif
