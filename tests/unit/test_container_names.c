// SPDX-License-Identifier: GPL-2.0-only
// needs: container container_ask container_config container_files cgroup cgroupfs file http_answer mounts parse thread
/* Names of containers from a machine made of files: when they are found, kept, forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "container_names.h"
#include "fake_daemon.h"

#define C "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "6a845aba-7ad2-4ae3-b0a6-4b01b7ac3da5"
#define POD "/kubepods/burstable/pod" UID
#define SECOND 1000000000ULL
#define DOCKER "/system.slice/docker-" C ".scope"
#define NSPAWN "/machine.slice/machine-db.scope"
#define USERS_DOCKER "/user.slice/user-1000.slice/user@1000.service/app.slice/docker-" C ".scope"
#define IN_HOME "home/me/.local/share/containers/storage/overlay-containers/containers.json"
#define HOME_SCOPE "/user.slice/user-%u.slice/user@%u.service/user.slice/libpod-" C ".scope"

struct machine {
	char root[64];
	int fd;
	struct container_names *names;
	struct cgroup_tree tree;
};

static int set_up(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	strcpy(m->root, "/tmp/container-names-XXXXXX");
	assert_non_null(mkdtemp(m->root));
	m->fd = open(m->root, O_RDONLY | O_DIRECTORY);
	assert_int_equal(container_names__open(&m->names, m->fd), 0);
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	struct machine *m = *state;
	char command[128];

	container_names__close(m->names);
	cgroup__free_tree(&m->tree);
	close(m->fd);
	snprintf(command, sizeof(command), "rm -rf %s", m->root);
	assert_int_equal(system(command), 0);
	free(m);
	return 0;
}

static void put_file(const struct machine *m, const char *path, const char *text)
{
	char whole[512];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s/%s", m->root, path);
	for (char *p = whole + strlen(m->root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(whole, 0755);
		*p = '/';
	}
	file = fopen(whole, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static const char *shown(struct machine *m, const char *path, uint64_t seconds)
{
	const struct container_known *known;

	if (!m->tree.count) {
		cgroup__add(&m->tree, 1, "/", CGROUP_NO_NODE);
		cgroup__add(&m->tree, 2, path, 0);
	}
	container_names__refresh(m->names, &m->tree, seconds * SECOND);
	known = container_names__find(m->names, path);
	return known ? known->shown : "(none)";
}

static void by_the_path_alone(void **state)
{
	assert_string_equal(shown(*state, DOCKER, 1), "0123456789ab");
}

static void no_container(void **state)
{
	assert_string_equal(shown(*state, "/system.slice/ssh.service", 1), "(none)");
	assert_null(container_names__find(NULL, DOCKER));
}

static void of_docker(void **state)
{
	struct machine *m = *state;

	put_file(m, "var/lib/docker/containers/" C "/config.v2.json", "{\"Name\":\"/web\"}");
	assert_string_equal(shown(m, DOCKER "/init.scope", 1), "web");
}

static void of_containerd(void **state)
{
	struct machine *m = *state;

	put_file(m, "run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/" C "/config.json",
		 "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"app\",\"io.kubernetes.cri.sandbox-name\":"
		 "\"web-0\",\"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}");
	assert_string_equal(shown(m, POD "/" C, 1), "shop/web-0/app");
	assert_string_equal(container_names__find(m->names, POD "/" C)->label.runtime, "containerd");
}

static void of_kubelet(void **state)
{
	struct machine *m = *state;

	put_file(m, "var/log/containers/web-0_shop_app-" C ".log", "");
	assert_string_equal(shown(m, POD "/" C, 1), "shop/web-0/app");
}

static void of_a_pod(void **state)
{
	struct machine *m = *state;

	put_file(m, "var/log/pods/shop_web-0_" UID "/app/0.log", "");
	assert_string_equal(shown(m, POD, 1), "shop/web-0");
}

static void of_podman_without_root(void **state)
{
	struct machine *m = *state;
	uid_t uid = getuid() ? getuid() : 4242;
	char path[256], passwd[128], file[512];

	snprintf(passwd, sizeof(passwd), "root:x:0:0::/root:/bin/sh\nme:x:%u:100:Me:/home/me:/bin/sh\n", uid);
	put_file(m, "etc/passwd", passwd);
	put_file(m, IN_HOME, "[{\"id\":\"" C "\",\"names\":[\"mine\"]}]");
	snprintf(path, sizeof(path), HOME_SCOPE, uid, uid);
	snprintf(file, sizeof(file), "%s/" IN_HOME, m->root);
	if (!getuid()) { /* another one's file is not believed */
		assert_string_equal(shown(m, path, 1), "0123456789ab");
		assert_int_equal(chown(file, uid, 100), 0);
	}
	assert_string_equal(shown(m, path, 10), "mine");
}

static void a_pipe_in_a_home_is_not_waited_for(void **state)
{
	struct machine *m = *state;
	char fifo[512];

	put_file(m, "var/lib/docker/containers/" C "/x", "");
	snprintf(fifo, sizeof(fifo), "%s/var/lib/docker/containers/" C "/config.v2.json", m->root);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_string_equal(shown(m, DOCKER, 1), "0123456789ab");
}

/* an option or storage.conf may have put it anywhere: what runs the container knows where */
static void of_a_storage_elsewhere(void **state)
{
	struct machine *m = *state;

	put_file(m, "run/crun/" C "/status", "{\"bundle\":\"/srv/graph/vfs-containers/" C "/userdata\"}");
	put_file(m, "srv/graph/vfs-containers/" C "/userdata/config.json",
		 "{\"mounts\":[{\"source\":\"/srv/run/vfs-containers/" C "/userdata/hosts\"},"
		 "{\"source\":\"/srv/graph/vfs-containers/" C "/userdata/shm\"}]}");
	assert_string_equal(shown(m, "/libpod_parent/libpod-" C, 1), "0123456789ab");
	put_file(m, "srv/run/vfs-containers/volatile-containers.json", "[{\"id\":\"" C "\",\"names\":[\"short\"]}]");
	assert_string_equal(shown(m, "/libpod_parent/libpod-" C, 3), "short");
}

static void of_a_bundle_elsewhere(void **state)
{
	struct machine *m = *state;

	put_file(m, "run/runc/" C "/state.json", "{\"config\":{\"labels\":[\"bundle=/srv/" C "/userdata\"]}}");
	put_file(m, "srv/" C "/userdata/config.json",
		 "{\"annotations\":{\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web-0\","
		 "\"io.kubernetes.pod.namespace\":\"shop\"}}");
	assert_string_equal(shown(m, POD "/crio-" C, 1), "shop/web-0/app");
}

static void knows(struct fake_daemon *fake, int fd, const char *request)
{
	(void)fake;
	fake__send(fd, strstr(request, "/containers/" C "/json") ? "HTTP/1.0 200 OK\r\n\r\n{\"Id\":\"" C
								   "\",\"Name\":\"/web\"}"
								 : "HTTP/1.0 404 Not Found\r\n\r\n");
}

static void knows_the_pod(struct fake_daemon *fake, int fd, const char *request)
{
	(void)fake;
	fake__send(fd, strstr(request, "/libpod/pods/" C "/json") ? "HTTP/1.0 200 OK\r\n\r\n{\"Id\":\"" C
								    "\",\"Name\":\"shop\"}"
								  : "HTTP/1.0 404 Not Found\r\n\r\n");
}

static void talks_of_nobody(struct fake_daemon *fake, int fd, const char *request)
{
	(void)fake;
	(void)request;
	fake__send(fd, "HTTP/1.0 404 Not Found\r\n\r\n");
}

static void hangs(struct fake_daemon *fake, int fd, const char *request)
{
	(void)fd;
	(void)request;
	fake__pause(fake, 5000);
}

static struct fake_daemon *docker_of(const struct machine *m, fake_answer_fn answer)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/run/docker.sock", m->root);
	return fake__start(path, answer);
}

/* the reading that asks does not wait; a later one has it */
static void of_the_daemon(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *fake = docker_of(m, knows);
	uint64_t before;

	assert_string_equal(shown(m, DOCKER, 1), "0123456789ab");
	before = container_names__generation(m->names);
	container_names__await(m->names, 5000);
	assert_string_equal(container_names__find(m->names, DOCKER)->shown, "web");
	assert_string_equal(container_names__find(m->names, DOCKER)->label.runtime, "docker");
	assert_true(container_names__generation(m->names) > before);
	for (uint64_t seconds = 2; seconds < 200; seconds++)
		assert_string_equal(shown(m, DOCKER, seconds), "web");
	container_names__await(m->names, 5000);
	assert_int_equal(fake->asked, 1);
	fake__stop(fake);
}

/* each time it is looked for: less and less often */
static void the_daemon_is_not_asked_all_the_time(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *fake = docker_of(m, talks_of_nobody);

	for (uint64_t seconds = 1; seconds <= 128; seconds++) {
		assert_string_equal(shown(m, DOCKER, seconds), "0123456789ab");
		container_names__await(m->names, 5000);
	}
	assert_int_equal(fake->asked, 8); /* at 1, 2, 4, … 128 */
	fake__stop(fake);
}

static void files_come_first(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *fake = docker_of(m, knows);

	put_file(m, "var/lib/docker/containers/" C "/config.v2.json", "{\"Name\":\"/file\"}");
	assert_string_equal(shown(m, DOCKER, 1), "file");
	container_names__await(m->names, 5000);
	assert_int_equal(fake->asked, 0);
	fake__stop(fake);
}

static void a_daemon_that_hangs_delays_nothing(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *fake = docker_of(m, hangs);
	uint64_t began, most = 0;

	for (uint64_t seconds = 1; seconds < 100; seconds++) {
		began = clock__ns(CLOCK_MONOTONIC);
		assert_string_equal(shown(m, DOCKER, seconds), "0123456789ab");
		if (clock__ns(CLOCK_MONOTONIC) - began > most)
			most = clock__ns(CLOCK_MONOTONIC) - began;
	}
	if (most > SECOND / 5)
		fail_msg("a reading took %.3f s", (double)most / 1e9);
	began = clock__ns(CLOCK_MONOTONIC);
	container_names__close(m->names);
	m->names = NULL;
	assert_true(clock__ns(CLOCK_MONOTONIC) - began < SECOND / 2);
	fake__stop(fake);
}

static void a_pod_of_podman(void **state)
{
	struct machine *m = *state;
	char path[128];
	struct fake_daemon *fake;

	snprintf(path, sizeof(path), "%s/run/podman/podman.sock", m->root);
	fake = fake__start(path, knows_the_pod);
	assert_string_equal(shown(m, "/libpod_parent/" C, 1), "0123456789ab");
	container_names__await(m->names, 5000);
	assert_string_equal(container_names__find(m->names, "/libpod_parent/" C)->shown, "shop");
	fake__stop(fake);
}

/* whoever may make cgroups chooses their names */
static void an_id_of_another_one(void **state)
{
	struct machine *m = *state;

	put_file(m, "var/lib/docker/containers/" C "/config.v2.json", "{\"Name\":\"/web\"}");
	cgroup__add(&m->tree, 1, "/", CGROUP_NO_NODE);
	cgroup__add(&m->tree, 2, USERS_DOCKER, 0);
	cgroup__add(&m->tree, 3, DOCKER, 0);
	assert_string_equal(shown(m, DOCKER, 1), "web");
	assert_string_equal(shown(m, USERS_DOCKER, 2), "0123456789ab");
	assert_string_equal(container_names__find(m->names, USERS_DOCKER)->cgroup, USERS_DOCKER);
	assert_string_equal(container_names__find(m->names, DOCKER "/x")->cgroup, DOCKER);
}

/* root's daemon is not asked of it, and what it says of that id is not believed */
static void an_id_of_another_one_is_not_asked_of(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *fake = docker_of(m, knows);

	assert_string_equal(shown(m, USERS_DOCKER, 1), "0123456789ab");
	container_names__await(m->names, 5000);
	assert_int_equal(fake->asked, 0);
	cgroup__free_tree(&m->tree);
	m->tree = (struct cgroup_tree){};
	assert_string_equal(shown(m, DOCKER, 2), "0123456789ab");
	container_names__await(m->names, 5000);
	assert_string_equal(container_names__find(m->names, DOCKER)->shown, "web");
	assert_string_equal(container_names__find(m->names, USERS_DOCKER)->shown, "0123456789ab");
	fake__stop(fake);
}

static void two_runtimes_with_one_name(void **state)
{
	struct machine *m = *state;

	cgroup__add(&m->tree, 1, "/", CGROUP_NO_NODE);
	cgroup__add(&m->tree, 2, "/lxc.payload.db", 0);
	cgroup__add(&m->tree, 3, NSPAWN, 0);
	assert_string_equal(shown(m, "/lxc.payload.db", 1), "db");
	assert_string_equal(container_names__find(m->names, "/lxc.payload.db")->label.runtime, "lxc");
	assert_string_equal(container_names__find(m->names, NSPAWN)->label.runtime, "nspawn");
}

static void by_hand(void **state)
{
	struct machine *m = *state;

	put_file(m, "run/runc/box/state.json",
		 "{\"id\":\"box\",\"cgroup_paths\":{\"memory\":\"/sys/fs/cgroup/memory/a/box\"}}");
	put_file(m, "run/crun/bag/status", "{\"cgroup-path\":\"/b/bag\"}");
	assert_string_equal(shown(m, "/a/box/deeper", 1), "box");
	assert_string_equal(container_names__find(m->names, "/b/bag")->shown, "bag");
	assert_string_equal(container_names__find(m->names, "/b/bag")->identity.runtime, "crun");
	assert_null(container_names__find(m->names, "/a/boxes"));
}

static void a_name_that_comes_later(void **state)
{
	struct machine *m = *state;
	uint64_t before;

	assert_string_equal(shown(m, DOCKER, 10), "0123456789ab");
	before = container_names__generation(m->names);
	put_file(m, "var/lib/docker/containers/" C "/config.v2.json", "{\"Name\":\"/web\"}");
	assert_string_equal(shown(m, DOCKER, 10), "0123456789ab"); /* not looked for so soon again */
	assert_string_equal(shown(m, DOCKER, 12), "web");
	assert_true(container_names__generation(m->names) > before);
}

static void a_name_outlives_its_container(void **state)
{
	struct machine *m = *state;

	put_file(m, "var/lib/docker/containers/" C "/config.v2.json", "{\"Name\":\"/web\"}");
	assert_string_equal(shown(m, DOCKER, 1), "web");
	container_names__refresh(m->names, NULL, 200 * SECOND);
	assert_string_equal(container_names__find(m->names, DOCKER)->shown, "web");
	container_names__refresh(m->names, NULL, 400 * SECOND);
	assert_null(container_names__find(m->names, DOCKER));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(by_the_path_alone),
		TEST(no_container),
		TEST(of_docker),
		TEST(of_containerd),
		TEST(of_kubelet),
		TEST(of_a_pod),
		TEST(of_podman_without_root),
		TEST(a_pipe_in_a_home_is_not_waited_for),
		TEST(of_a_storage_elsewhere),
		TEST(of_a_bundle_elsewhere),
		TEST(of_the_daemon),
		TEST(the_daemon_is_not_asked_all_the_time),
		TEST(files_come_first),
		TEST(a_daemon_that_hangs_delays_nothing),
		TEST(a_pod_of_podman),
		TEST(an_id_of_another_one),
		TEST(an_id_of_another_one_is_not_asked_of),
		TEST(two_runtimes_with_one_name),
		TEST(by_hand),
		TEST(a_name_that_comes_later),
		TEST(a_name_outlives_its_container),
	};

	return cmocka_run_group_tests_name("container_names", tests, NULL, NULL);
}
