// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where runtimes keep what a container is called. It must never wait, nor open what a user put where a file was
 * expected (a FIFO, a link to a device): what it is is looked at first. A large file is left alone.
 */
#include "container_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "parse.h"

/* parsed as JSON a file takes up to 80 times its size */
#define FILE_MOST (1 << 20)
#define USERS_FILE_MOST (256 << 10)
#define PASSWD_MOST (8 << 20) /* that is no JSON */
#define FOLDERS_MOST 4

enum file_form { FORM_BUNDLE, FORM_DOCKER, FORM_STORAGE };

struct source {
	const char *path; /* %s: the id */
	enum file_form form;
	const char *runtime;
};

#define TASK "io.containerd.runtime.v2.task/"

/* the first that names the container ends the search */
static const struct source sources[] = {
	{ "run/containerd/" TASK "k8s.io/%s/config.json", FORM_BUNDLE, "containerd" },
	{ "run/k3s/containerd/" TASK "k8s.io/%s/config.json", FORM_BUNDLE, "containerd" },
	{ "run/k0s/containerd/" TASK "k8s.io/%s/config.json", FORM_BUNDLE, "containerd" },
	{ "var/snap/microk8s/common/run/containerd/" TASK "k8s.io/%s/config.json", FORM_BUNDLE, "containerd" },
	{ "run/containerd/" TASK "default/%s/config.json", FORM_BUNDLE, "containerd" },
	{ "var/lib/docker/containers/%s/config.v2.json", FORM_DOCKER, "docker" },
	{ "run/containers/storage/overlay-containers/%s/userdata/config.json", FORM_BUNDLE, "" },
	{ "var/lib/containers/storage/overlay-containers/containers.json", FORM_STORAGE, "podman" },
	{ "var/lib/containers/storage/vfs-containers/containers.json", FORM_STORAGE, "podman" },
	{ "var/lib/containers/storage/btrfs-containers/containers.json", FORM_STORAGE, "podman" },
	{ "run/containers/storage/overlay-containers/volatile-containers.json", FORM_STORAGE, "podman" },
	{ "run/containers/storage/vfs-containers/volatile-containers.json", FORM_STORAGE, "podman" },
};

/* below the home of whoever runs them */
static const struct source home_sources[] = {
	{ ".local/share/containers/storage/overlay-containers/containers.json", FORM_STORAGE, "podman" },
	{ ".local/share/containers/storage/vfs-containers/containers.json", FORM_STORAGE, "podman" },
	{ ".local/share/docker/containers/%s/config.v2.json", FORM_DOCKER, "docker" },
};

static char *read_all(int fd, size_t size, size_t *len)
{
	char *text = malloc(size + 1);
	ssize_t got = 1;

	*len = 0;
	while (text && *len < size && (got = read(fd, text + *len, size - *len)) > 0)
		*len += (size_t)got;
	if (got < 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* opening a device does something already, so O_PATH comes first; a user's link may lead to what only we can open */
static int open_regular(int dir_fd, const char *path, uid_t owner, off_t most, size_t *size)
{
	int place = openat(dir_fd, path, O_PATH | O_CLOEXEC | (owner == ANY_OWNER ? 0 : O_NOFOLLOW)), fd = -1;
	char itself[32];
	struct stat status;

	if (place < 0)
		return -1;
	if (fstat(place, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= most &&
	    (owner == ANY_OWNER || status.st_uid == owner)) {
		snprintf(itself, sizeof(itself), "/proc/self/fd/%d", place);
		fd = open(itself, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		*size = (size_t)status.st_size;
	}
	close(place);
	return fd;
}

static char *read_file(int dir_fd, const char *path, uid_t owner, off_t most, size_t *len)
{
	size_t size = 0;
	int fd = open_regular(dir_fd, path, owner, most, &size);
	char *text;

	if (fd < 0)
		return NULL;
	text = read_all(fd, size, len);
	close(fd);
	return text;
}

char *container_files__read(int dir_fd, const char *path, uid_t owner, size_t *len)
{
	return read_file(dir_fd, path, owner, owner == ANY_OWNER ? FILE_MOST : USERS_FILE_MOST, len);
}

static void look_into(int dir_fd, const struct source *source, uid_t owner, const char *id,
		      struct container_label *label)
{
	char path[PATH_MAX], *text;
	struct container_label found = *label;
	size_t len;
	int err = -EINVAL;

	/* the format is a constant of the tables above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	if ((size_t)snprintf(path, sizeof(path), source->path, id) >= sizeof(path))
		return;
#pragma GCC diagnostic pop
	text = container_files__read(dir_fd, path, owner, &len);
	if (!text)
		return;
	if (source->form == FORM_BUNDLE)
		err = container_config__bundle(text, len, &found);
	else if (source->form == FORM_DOCKER)
		err = container_config__docker(text, len, &found);
	else
		err = container_config__storage(text, len, id, &found);
	free(text);
	if (err)
		return;
	if (!found.runtime[0])
		snprintf(found.runtime, sizeof(found.runtime), "%s", source->runtime);
	*label = found;
}

static const char *below_root(const char *path)
{
	return path + strspn(path, "/");
}

/* its lists, wherever storage.conf or an option put them */
static void look_into_storage(int root_fd, const char *folder, const char *id, struct container_label *label)
{
	static const char *const lists[] = { "containers.json", "volatile-containers.json" };
	char path[PATH_MAX], *text;
	struct container_label found = *label;
	size_t len;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]) && !label->name[0]; i++) {
		if ((size_t)snprintf(path, sizeof(path), "%s/%s", below_root(folder), lists[i]) >= sizeof(path))
			continue;
		text = container_files__read(root_fd, path, ANY_OWNER, &len);
		if (text && container_config__storage(text, len, id, &found) == 0) {
			if (!found.runtime[0])
				strcpy(found.runtime, "podman");
			*label = found;
		}
		free(text);
	}
}

static void look_into_bundle(int root_fd, const char *bundle, const char *id, struct container_label *label)
{
	char path[PATH_MAX], (*folders)[PATH_MAX], *text;
	size_t len, count = 0;

	if ((size_t)snprintf(path, sizeof(path), "%s/config.json", below_root(bundle)) >= sizeof(path))
		return;
	text = container_files__read(root_fd, path, ANY_OWNER, &len);
	folders = text ? calloc(FOLDERS_MOST, sizeof(*folders)) : NULL;
	if (folders) {
		container_config__bundle(text, len, label);
		count = container_config__storage_folders(bundle, text, len, id, folders, FOLDERS_MOST);
	}
	for (size_t i = 0; i < count && !label->name[0]; i++)
		look_into_storage(root_fd, folders[i], id, label);
	free(folders);
	free(text);
}

/* what runs it, below podman and CRI-O, knows its bundle */
static void look_at_state(int root_fd, const char *folder, const char *file, const char *id,
			  struct container_label *label)
{
	char path[PATH_MAX], bundle[PATH_MAX], *text;
	size_t len;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s/%s", folder, id, file) >= sizeof(path))
		return;
	text = container_files__read(root_fd, path, ANY_OWNER, &len);
	if (text && container_config__bundle_path(text, len, bundle, sizeof(bundle)) == 0)
		look_into_bundle(root_fd, bundle, id, label);
	free(text);
}

/* kubelet's links to logs: they name the container whatever the runtime */
static void look_at_logs(int root_fd, const char *folder,
			 bool (*take)(const char *, const char *, struct container_label *), const char *id,
			 struct container_label *label)
{
	DIR *dir = file__folder(root_fd, folder);
	const struct dirent *file;

	if (!dir)
		return;
	while ((file = readdir(dir)) && !take(file->d_name, id, label))
		;
	closedir(dir);
}

/* name:password:uid:gid:gecos:home:shell */
static bool find_home(struct parse_span line, uint64_t uid, char *home, size_t cap)
{
	struct parse_span field = {};
	uint64_t found = 0;

	for (int i = 0; i < 6; i++) {
		if (!parse__until(&line, ':', &field))
			return false;
		if (i == 2 && (parse__whole_u64(field, &found) || found != uid))
			return false;
	}
	return field.len > 1 && field.p[0] == '/' &&
	       parse__copy((struct parse_span){ field.p + 1, field.len - 1 }, home, cap) == 0;
}

static bool home_of(int root_fd, uint64_t uid, char *home, size_t cap)
{
	size_t len = 0;
	char *text = read_file(root_fd, "etc/passwd", ANY_OWNER, PASSWD_MOST, &len);
	struct parse_span rest = { text, len }, line;
	bool found = false;

	while (text && !found && parse__line(&rest, &line, NULL))
		found = find_home(line, uid, home, cap);
	free(text);
	return found;
}

/* "/user.slice/user-1000.slice/…": whose containers these are */
static bool user_of(const char *path, uint64_t *uid)
{
	const char *at = strstr(path, "/user-");
	struct parse_span rest = { at ? at + 6 : NULL, at ? strlen(at + 6) : 0 };

	return at && parse__take_u64(&rest, uid) == 0 && parse__starts(rest, ".slice/");
}

bool container_files__is_of_user(const char *cgroup)
{
	static const char manager[] = "/user@";
	const char *at = strstr(cgroup, manager);
	struct parse_span rest = { at ? at + strlen(manager) : NULL, at ? strlen(at + strlen(manager)) : 0 };
	uint64_t uid = 0;

	return at && parse__take_u64(&rest, &uid) == 0 && uid && parse__starts(rest, ".service/");
}

static void look_at_home(int root_fd, const char *cgroup, const char *id, struct container_label *label)
{
	char home[PATH_MAX];
	uint64_t uid = 0;
	int fd;

	if (!user_of(cgroup, &uid) || !home_of(root_fd, uid, home, sizeof(home)))
		return;
	fd = openat(root_fd, home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	for (size_t i = 0; i < sizeof(home_sources) / sizeof(home_sources[0]) && !label->name[0]; i++)
		look_into(fd, &home_sources[i], (uid_t)uid, id, label);
	close(fd);
}

bool container_files__is_id(const char *id)
{
	return strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

void container_files__find(int root_fd, const char *cgroup, const struct container_identity *identity,
			   struct container_label *label)
{
	if (container_files__is_of_user(cgroup)) {
		if (identity->kind == CONTAINER_CONTAINER && container_files__is_id(identity->id))
			look_at_home(root_fd, cgroup, identity->id, label);
		return;
	}
	if (identity->kind == CONTAINER_CONTAINER && container_files__is_id(identity->id)) {
		for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]) && !label->name[0]; i++)
			look_into(root_fd, &sources[i], ANY_OWNER, identity->id, label);
		if (!label->name[0])
			look_at_state(root_fd, "run/crun", "status", identity->id, label);
		if (!label->name[0])
			look_at_state(root_fd, "run/runc", "state.json", identity->id, label);
		if (!label->name[0] && !identity->pod_uid[0])
			look_at_home(root_fd, cgroup, identity->id, label);
		if (!label->name[0] && identity->pod_uid[0])
			look_at_logs(root_fd, "var/log/containers", container_config__log_name, identity->id, label);
	}
	if (!label->pod[0] && identity->qos[0])
		look_at_logs(root_fd, "var/log/pods", container_config__log_folder, identity->pod_uid, label);
}
