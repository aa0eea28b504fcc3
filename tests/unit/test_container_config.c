// SPDX-License-Identifier: GPL-2.0-only
/* What runtimes write of a container: one real file of each, shortened, and files that are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "buffer.h"
#include "container_config.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define C "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "6a845aba-7ad2-4ae3-b0a6-4b01b7ac3da5"

struct file_case {
	const char *text;
	int err;
	struct container_label label;
};

static const struct file_case bundles[] = {
	/* containerd 1.6, a container and its pod's sandbox */
	{ "{\"ociVersion\":\"1.0.2-dev\",\"annotations\":{\"io.kubernetes.cri.container-name\":\"app\","
	  "\"io.kubernetes.cri.container-type\":\"container\",\"io.kubernetes.cri.image-name\":\"docker.io/library/redis:7\","
	  "\"io.kubernetes.cri.sandbox-id\":\"" C "\",\"io.kubernetes.cri.sandbox-name\":\"web-0\","
	  "\"io.kubernetes.cri.sandbox-namespace\":\"shop\",\"io.kubernetes.cri.sandbox-uid\":\"" UID "\"}}",
	  0,
	  { "app", "web-0", "shop", "docker.io/library/redis:7", "" } },
	{ "{\"annotations\":{\"io.kubernetes.cri.container-type\":\"sandbox\",\"io.kubernetes.cri.sandbox-name\":\"web-0\","
	  "\"io.kubernetes.cri.sandbox-namespace\":\"shop\"}}",
	  0,
	  { "POD", "web-0", "shop", "", "" } },
	/* CRI-O 1.24 */
	{ "{\"annotations\":{\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web-0\","
	  "\"io.kubernetes.pod.namespace\":\"shop\",\"io.kubernetes.cri-o.ImageName\":\"quay.io/a/b:1\","
	  "\"io.kubernetes.cri-o.ContainerType\":\"container\",\"org.systemd.property.CollectMode\":\"'inactive-or-failed'\"}}",
	  0,
	  { "app", "web-0", "shop", "quay.io/a/b:1", "" } },
	/* nerdctl */
	{ "{\"annotations\":{\"nerdctl/name\":\"cache\",\"nerdctl/namespace\":\"default\"}}",
	  0,
	  { "cache", "", "", "", "" } },
	{ "{\"annotations\":{\"org.systemd.property.Description\":\"'the shop'\"}}",
	  0,
	  { "the shop", "", "", "", "" } },
	{ "{\"annotations\":{\"org.systemd.property.Description\":\"'\"}}", 0, { "", "", "", "", "" } },
	{ "{\"ociVersion\":\"1.0.2\"}", 0, { "", "", "", "", "" } },
	{ "{\"annotations\":[\"io.kubernetes.cri.container-name\"]}", 0, { "", "", "", "", "" } },
	{ "{\"annotations\":{\"io.kubernetes.cri.container-name\":7}}", 0, { "", "", "", "", "" } },
	{ "[]", -EINVAL, { "", "", "", "", "" } },
	{ "{\"annotations\":{", -EINVAL, { "", "", "", "", "" } },
	{ "", -EINVAL, { "", "", "", "", "" } },
};

static const struct file_case dockers[] = {
	{ "{\"ID\":\"" C "\",\"Name\":\"/web\",\"Config\":{\"Image\":\"nginx:1\",\"Labels\":{}}}",
	  0,
	  { "web", "", "", "nginx:1", "" } },
	{ "{\"Name\":\"/k8s_app_web-0_shop_" UID "_0\",\"Config\":{\"Image\":\"sha256:1\",\"Labels\":{"
	  "\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web-0\","
	  "\"io.kubernetes.pod.namespace\":\"shop\"}}}",
	  0,
	  { "app", "web-0", "shop", "sha256:1", "" } },
	{ "{\"Config\":7}", 0, { "", "", "", "", "" } },
	{ "null", -EINVAL, { "", "", "", "", "" } },
};

#define STORAGE                                                                                                   \
	"[{\"id\":\"ffff\",\"names\":[\"other\"]},{\"id\":\"" C "\",\"names\":[\"db\"],\"image\":\"ab\","         \
	"\"layer\":\"cd\",\"metadata\":\"{\\\"image-name\\\":\\\"docker.io/library/postgres:15\\\",\\\"name\\\":" \
	"\\\"db\\\",\\\"created-at\\\":1}\"}]"

static void check(const struct file_case *c, int err, const struct container_label *found)
{
	if (err != c->err || memcmp(found, &c->label, sizeof(*found)) != 0)
		fail_msg("%s: %d, '%s' '%s' '%s' '%s'", c->text, err, found->name, found->pod, found->pod_namespace,
			 found->image);
}

static void run(const struct file_case *cases, size_t count,
		int (*parse)(const char *, size_t, struct container_label *))
{
	for (size_t i = 0; i < count; i++) {
		struct container_label found = {};
		char *text = buffer__exact(cases[i].text, strlen(cases[i].text));

		check(&cases[i], parse(text, strlen(cases[i].text), &found), &found);
		free(text);
	}
}

static void of_bundles(void **state)
{
	(void)state;
	run(bundles, COUNT(bundles), container_config__bundle);
}

static void of_docker(void **state)
{
	(void)state;
	run(dockers, COUNT(dockers), container_config__docker);
}

static void of_podman(void **state)
{
	struct container_label label = {};

	(void)state;
	assert_int_equal(container_config__storage(STORAGE, strlen(STORAGE), C, &label), 0);
	assert_string_equal(label.name, "db");
	assert_string_equal(label.image, "docker.io/library/postgres:15");
	assert_int_equal(container_config__storage(STORAGE, strlen(STORAGE), "eeee", &label), -ENOENT);
	assert_int_equal(container_config__storage("[7]", 3, C, &label), -ENOENT);
	assert_int_equal(container_config__storage("{}", 2, C, &label), -EINVAL);
}

static void what_is_there_stays(void **state)
{
	struct container_label label = { .name = "first" };

	(void)state;
	container_config__docker(dockers[0].text, strlen(dockers[0].text), &label);
	assert_string_equal(label.name, "first");
	assert_string_equal(label.image, "nginx:1");
}

static void long_names_are_cut(void **state)
{
	struct container_label label = {};
	char name[1000], text[1200];

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(text, sizeof(text), "{\"Name\":\"/%s\"}", name);
	assert_int_equal(container_config__docker(text, strlen(text), &label), 0);
	assert_int_equal(strlen(label.name), CONTAINER_LABEL_MAX - 1);
}

static void of_kubelets_logs(void **state)
{
	struct container_label label = {}, none = {};

	(void)state;
	assert_true(container_config__log_name("web-0_shop_app-" C ".log", C, &label));
	assert_string_equal(label.name, "app");
	assert_string_equal(label.pod, "web-0");
	assert_string_equal(label.pod_namespace, "shop");
	assert_false(container_config__log_name("web-0_shop_app-" C ".txt", C, &none));
	assert_false(container_config__log_name("web-0_shop-" C ".log", C, &none));
	assert_false(container_config__log_name("web-0_shop_-" C ".log", C, &none));
	assert_false(container_config__log_name("web-0_shop_app-ffff.log", C, &none));
	assert_false(container_config__log_name("", C, &none));
	memset(&label, 0, sizeof(label));
	assert_true(container_config__log_folder("shop_web-0_" UID, UID, &label));
	assert_string_equal(label.pod, "web-0");
	assert_string_equal(label.pod_namespace, "shop");
	assert_false(container_config__log_folder("shop_web-0_x", UID, &none));
	assert_false(container_config__log_folder("shop", UID, &none));
	assert_string_equal(none.pod, "");
}

static void of_runtimes_by_hand(void **state)
{
	static const char v1[] =
		"{\"id\":\"box\",\"init_process_pid\":7,\"cgroup_paths\":{\"cpu\":\"/sys/fs/cgroup/cpu/x\","
		"\"memory\":\"/sys/fs/cgroup/memory/user/box\"}}";
	static const char v2[] = "{\"id\":\"box\",\"cgroup_paths\":{\"\":\"/sys/fs/cgroup/user/box\"}}";
	static const char crun[] =
		"{\"pid\":7,\"cgroup-path\":\"/box\",\"bundle\":\"/srv/box\",\"systemd-cgroup\":false}";
	struct container_state found = {};

	(void)state;
	assert_int_equal(container_config__runc(v1, strlen(v1), &found), 0);
	assert_string_equal(found.cgroup, "/user/box");
	assert_string_equal(found.id, "box");
	assert_int_equal(container_config__runc(v2, strlen(v2), &found), 0);
	assert_string_equal(found.cgroup, "/user/box");
	assert_int_equal(container_config__runc("{\"id\":\"box\"}", 12, &found), -ENOENT);
	assert_int_equal(container_config__runc("[]", 2, &found), -EINVAL);
	assert_int_equal(container_config__crun(crun, strlen(crun), "mine", &found), 0);
	assert_string_equal(found.cgroup, "/box");
	assert_string_equal(found.id, "mine");
	assert_int_equal(container_config__crun("{\"cgroup-path\":\"/\"}", 19, "mine", &found), -ENOENT);
}

static void of_bundles_places(void **state)
{
	static const char crun[] = "{\"pid\":7,\"bundle\":\"/srv/graph/vfs-containers/" C "/userdata\"}";
	static const char runc[] = "{\"id\":\"x\",\"config\":{\"labels\":[7,\"a=/b\",\"bundle=/srv/box\"]}}";
	static const char *const bad[] = { "",
					   "[]",
					   "{}",
					   "{\"bundle\":7}",
					   "{\"bundle\":\"srv\"}",
					   "{\"config\":{\"labels\":\"bundle=/x\"}}",
					   "{\"config\":{\"labels\":[\"bundle=x\"]}}" };
	char path[128], small[8];

	(void)state;
	assert_int_equal(container_config__bundle_path(crun, strlen(crun), path, sizeof(path)), 0);
	assert_string_equal(path, "/srv/graph/vfs-containers/" C "/userdata");
	assert_int_equal(container_config__bundle_path(crun, strlen(crun), small, sizeof(small)), -EINVAL);
	assert_int_equal(container_config__bundle_path(runc, strlen(runc), path, sizeof(path)), 0);
	assert_string_equal(path, "/srv/box");
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(container_config__bundle_path(bad[i], strlen(bad[i]), path, sizeof(path)), -EINVAL);
}

static void of_storages_places(void **state)
{
#define SOURCE(path) "{\"source\":\"" path "\"},"
	static const char text[] = "{\"mounts\":[7," SOURCE("tmpfs") SOURCE("/run/x/" C "/userdata/hosts")
		SOURCE("/graph/y/" C "/userdata/shm") SOURCE("/run/x/" C "/userdata/hostname")
			SOURCE("/x" C "/userdata/a") SOURCE("/b/" C "/other/a") SOURCE("/" C "/userdata/a")
				SOURCE("b/" C "/userdata/a") SOURCE("/third/" C "/userdata/a") "{}]}";
	static char folders[4][PATH_MAX];

	(void)state;
	assert_int_equal(container_config__storage_folders("/box", text, strlen(text), C, folders, 4), 3);
	assert_string_equal(folders[0], "/run/x");
	assert_string_equal(folders[1], "/graph/y");
	assert_string_equal(folders[2], "/third");
	assert_int_equal(container_config__storage_folders("/box", text, strlen(text), C, folders, 2), 2);
	assert_int_equal(container_config__storage_folders("/box", "{", 1, C, folders, 2), 0);
	assert_int_equal(container_config__storage_folders("/box", "{\"mounts\":{}}", 13, C, folders, 2), 0);
	/* in a pod nothing is mounted from the container's own folder */
	assert_int_equal(container_config__storage_folders("/own/" C "/userdata", "{}", 2, C, folders, 4), 1);
	assert_string_equal(folders[0], "/own");
	assert_int_equal(container_config__storage_folders("/own/" C "/userdata", text, strlen(text), C, folders, 4),
			 4);
	assert_int_equal(container_config__storage_folders("/own/" C "/userdata", text, strlen(text), C, folders, 0),
			 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_bundles),          cmocka_unit_test(of_docker),
		cmocka_unit_test(of_podman),           cmocka_unit_test(what_is_there_stays),
		cmocka_unit_test(long_names_are_cut),  cmocka_unit_test(of_kubelets_logs),
		cmocka_unit_test(of_runtimes_by_hand), cmocka_unit_test(of_bundles_places),
		cmocka_unit_test(of_storages_places),
	};

	return cmocka_run_group_tests_name("container_config", tests, NULL, NULL);
}
