// SPDX-License-Identifier: GPL-2.0-only
/* JSON by jansson, keys by tables. It must never believe a type that it did not look at. */
#include "container_config.h"

#include <errno.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SANDBOX_NAME "POD" /* as kubelet calls a pod's own container */
#define CGROUP_MOUNT "/sys/fs/cgroup"

struct annotation {
	const char *key;
	size_t field; /* of struct container_label */
};

#define FIELD(name) offsetof(struct container_label, name)

/* the first one that is there counts */
static const struct annotation annotations[] = {
	{ "io.kubernetes.cri.container-name", FIELD(name) },
	{ "io.kubernetes.container.name", FIELD(name) },
	{ "nerdctl/name", FIELD(name) },
	{ "io.kubernetes.cri.sandbox-name", FIELD(pod) },
	{ "io.kubernetes.pod.name", FIELD(pod) },
	{ "io.kubernetes.cri.sandbox-namespace", FIELD(pod_namespace) },
	{ "io.kubernetes.pod.namespace", FIELD(pod_namespace) },
	{ "io.kubernetes.cri.image-name", FIELD(image) },
	{ "io.kubernetes.cri-o.ImageName", FIELD(image) },
};

static const char *const sandbox_keys[] = { "io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType" };

static json_t *parse(const char *text, size_t len, size_t type)
{
	json_t *json = json_loadb(text, len, 0, NULL);

	if (json && (size_t)json_typeof(json) != type) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static void put(const char *text, char *field)
{
	if (text && text[0] && !field[0])
		snprintf(field, CONTAINER_LABEL_MAX, "%s", text);
}

static void put_json(const json_t *value, char *field)
{
	put(json_string_value(value), field);
}

static void take_annotations(const json_t *object, struct container_label *out)
{
	for (size_t i = 0; i < sizeof(annotations) / sizeof(annotations[0]); i++)
		put_json(json_object_get(object, annotations[i].key), (char *)out + annotations[i].field);
	for (size_t i = 0; i < sizeof(sandbox_keys) / sizeof(sandbox_keys[0]); i++) {
		const char *type = json_string_value(json_object_get(object, sandbox_keys[i]));

		if (type && strcmp(type, "sandbox") == 0)
			put(SANDBOX_NAME, out->name);
	}
}

/* systemd's own: the unit's description, a GVariant string in quotes */
static void take_description(const json_t *object, struct container_label *out)
{
	const char *text = json_string_value(json_object_get(object, "org.systemd.property.Description"));
	size_t len = text ? strlen(text) : 0;

	if (len > 2 && (text[0] == '\'' || text[0] == '"') && text[len - 1] == text[0] && !out->name[0])
		snprintf(out->name, sizeof(out->name), "%.*s", (int)(len - 2 < INT_MAX ? len - 2 : INT_MAX), text + 1);
}

int container_config__bundle(const char *text, size_t len, struct container_label *out)
{
	json_t *json = parse(text, len, JSON_OBJECT), *found;

	if (!json)
		return -EINVAL;
	found = json_object_get(json, "annotations");
	take_annotations(found, out);
	take_description(found, out);
	json_decref(json);
	return 0;
}

static void take_docker(const json_t *json, struct container_label *out)
{
	const json_t *config = json_object_get(json, "Config");
	const char *name = json_string_value(json_object_get(json, "Name"));

	take_annotations(json_object_get(config, "Labels"), out);
	put(name && name[0] == '/' ? name + 1 : name, out->name);
	put_json(json_object_get(config, "Image"), out->image);
}

int container_config__docker(const char *text, size_t len, struct container_label *out)
{
	json_t *json = parse(text, len, JSON_OBJECT);

	if (!json)
		return -EINVAL;
	take_docker(json, out);
	json_decref(json);
	return 0;
}

int container_config__inspected(const char *text, size_t len, const char *id, bool is_pod, struct container_label *out)
{
	json_t *json = parse(text, len, JSON_OBJECT);
	const char *told = json_string_value(json_object_get(json, "Id"));
	int err = -EINVAL;

	if (told && strcmp(told, id) == 0) {
		if (is_pod)
			put_json(json_object_get(json, "Name"), out->pod);
		else
			take_docker(json, out);
		err = out->name[0] || out->pod[0] ? 0 : -EINVAL;
	}
	json_decref(json);
	return err;
}

/* podman keeps the image's name in a string that is JSON itself */
static void take_metadata(const char *text, struct container_label *out)
{
	json_t *json = text ? parse(text, strlen(text), JSON_OBJECT) : NULL;

	put_json(json_object_get(json, "image-name"), out->image);
	put_json(json_object_get(json, "name"), out->name);
	json_decref(json);
}

int container_config__storage(const char *text, size_t len, const char *id, struct container_label *out)
{
	json_t *json = parse(text, len, JSON_ARRAY), *row;
	int err = json ? -ENOENT : -EINVAL;
	size_t i;

	json_array_foreach (json, i, row) {
		const char *row_id = json_string_value(json_object_get(row, "id"));

		if (!row_id || strcmp(row_id, id) != 0)
			continue;
		put_json(json_array_get(json_object_get(row, "names"), 0), out->name);
		take_metadata(json_string_value(json_object_get(row, "metadata")), out);
		err = 0;
		break;
	}
	json_decref(json);
	return err;
}

static int put_path(const char *text, char *path, size_t cap)
{
	if (!text || text[0] != '/' || strlen(text) >= cap)
		return -EINVAL;
	strcpy(path, text);
	return 0;
}

int container_config__bundle_path(const char *text, size_t len, char *path, size_t cap)
{
	static const char prefix[] = "bundle=";
	json_t *json = parse(text, len, JSON_OBJECT), *label;
	const char *value;
	int err;
	size_t i;

	if (!json)
		return -EINVAL;
	err = put_path(json_string_value(json_object_get(json, "bundle")), path, cap);
	json_array_foreach (json_object_get(json_object_get(json, "config"), "labels"), i, label) {
		value = json_string_value(label);
		if (err && value && strncmp(value, prefix, strlen(prefix)) == 0)
			err = put_path(value + strlen(prefix), path, cap);
	}
	json_decref(json);
	return err;
}

/* "/a/b" of "/a/b/ID/userdata", "/a/b/ID/userdata/hosts" */
static bool folder_above(const char *path, const char *id, char *folder)
{
	const char *at = path ? strstr(path, id) : NULL;

	if (!at || path[0] != '/' || at - path < 2 || at - path > PATH_MAX || at[-1] != '/' ||
	    strncmp(at + strlen(id), "/userdata", strlen("/userdata")) != 0)
		return false;
	snprintf(folder, PATH_MAX, "%.*s", (int)(at - path - 1), path);
	return true;
}

size_t container_config__storage_folders(const char *bundle, const char *text, size_t len, const char *id,
					 char (*folders)[PATH_MAX], size_t most)
{
	json_t *json = parse(text, len, JSON_OBJECT), *mount;
	size_t count = most && folder_above(bundle, id, folders[0]), i, same;

	json_array_foreach (json_object_get(json, "mounts"), i, mount) {
		const char *source = json_string_value(json_object_get(mount, "source"));

		if (count == most || !folder_above(source, id, folders[count]))
			continue;
		for (same = 0; strcmp(folders[same], folders[count]) != 0;)
			same++;
		count += same == count;
	}
	json_decref(json);
	return count;
}

static void put_part(const char *from, size_t len, char *field)
{
	if (!field[0] && len < CONTAINER_LABEL_MAX)
		snprintf(field, CONTAINER_LABEL_MAX, "%.*s", (int)len, from);
}

/* kubernetes' names have no underscore in them */
bool container_config__log_name(const char *file, const char *id, struct container_label *out)
{
	size_t len = strlen(file), id_len = strlen(id), end = id_len + strlen("-.log");
	const char *space, *name;

	if (len <= end || file[len - end] != '-' || strncmp(file + len - end + 1, id, id_len) != 0 ||
	    strcmp(file + len - 4, ".log") != 0)
		return false;
	space = strchr(file, '_');
	name = space ? strchr(space + 1, '_') : NULL;
	if (!name || name + 1 >= file + len - end)
		return false;
	put_part(file, (size_t)(space - file), out->pod);
	put_part(space + 1, (size_t)(name - space - 1), out->pod_namespace);
	put_part(name + 1, (size_t)(file + len - end - name - 1), out->name);
	return true;
}

bool container_config__log_folder(const char *folder, const char *pod_uid, struct container_label *out)
{
	const char *pod = strchr(folder, '_'), *uid = pod ? strchr(pod + 1, '_') : NULL;

	if (!uid || strcmp(uid + 1, pod_uid) != 0)
		return false;
	put_part(folder, (size_t)(pod - folder), out->pod_namespace);
	put_part(pod + 1, (size_t)(uid - pod - 1), out->pod);
	return true;
}

static int put_state(const char *id, const char *cgroup, struct container_state *out)
{
	if (!id || !id[0] || strlen(id) >= sizeof(out->id))
		return -EINVAL;
	if (!cgroup || cgroup[0] != '/' || !cgroup[1] || strlen(cgroup) >= sizeof(out->cgroup))
		return -ENOENT;
	strcpy(out->id, id);
	strcpy(out->cgroup, cgroup);
	return 0;
}

/* "/sys/fs/cgroup/memory/a/b" of v1, "/sys/fs/cgroup/a/b" of v2: without the mount point */
static const char *inside(const char *path, const char *controller)
{
	size_t len = strlen(CGROUP_MOUNT);

	if (!path || strncmp(path, CGROUP_MOUNT, len) != 0)
		return NULL;
	path += len;
	if (!controller[0])
		return path;
	len = strlen(controller);
	return path[0] == '/' && strncmp(path + 1, controller, len) == 0 ? path + 1 + len : NULL;
}

int container_config__runc(const char *text, size_t len, struct container_state *out)
{
	json_t *json = parse(text, len, JSON_OBJECT), *paths;
	const char *cgroup;
	int err;

	if (!json)
		return -EINVAL;
	paths = json_object_get(json, "cgroup_paths");
	cgroup = inside(json_string_value(json_object_get(paths, "memory")), "memory");
	if (!cgroup)
		cgroup = inside(json_string_value(json_object_get(paths, "")), "");
	err = put_state(json_string_value(json_object_get(json, "id")), cgroup, out);
	json_decref(json);
	return err;
}

int container_config__crun(const char *text, size_t len, const char *id, struct container_state *out)
{
	json_t *json = parse(text, len, JSON_OBJECT);
	int err;

	if (!json)
		return -EINVAL;
	err = put_state(id, json_string_value(json_object_get(json, "cgroup-path")), out);
	json_decref(json);
	return err;
}
