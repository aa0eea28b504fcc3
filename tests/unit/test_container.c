// SPDX-License-Identifier: GPL-2.0-only
// needs: parse
/* cgroup path to identity: one real path for each pattern, and paths that only look like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "buffer.h"
#include "container.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define C "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define D "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define SHORT "0123456789ab"
#define U_DASH "6a845aba-7ad2-4ae3-b0a6-4b01b7ac3da5"
#define U_LOW "6a845aba_7ad2_4ae3_b0a6_4b01b7ac3da5"
#define U_SHORT "6a845aba-7ad"
#define STATIC_POD "cf88ef4d8f6b7d2cd8f2ae44d1e3d3f6"
#define USER "/user.slice/user-1000.slice/user@1000.service"

struct path_case {
	const char *path;
	enum container_kind kind;
	const char *runtime, *id, *pod_uid, *qos, *unit, *slice, *name;
};

static const struct path_case path_cases[] = {
	/* docker */
	{ "/docker/" C, CONTAINER_CONTAINER, "docker", C, "", "", "", "", SHORT },
	{ "/docker/" C "/init.scope", CONTAINER_CONTAINER, "docker", C, "", "", "init.scope", "", SHORT },
	{ "/docker/" C "/system.slice/nginx.service", CONTAINER_CONTAINER, "docker", C, "", "", "nginx.service",
	  "system.slice", SHORT },
	{ "/system.slice/docker-" C ".scope", CONTAINER_CONTAINER, "docker", C, "", "", "docker-" C ".scope",
	  "system.slice", SHORT },
	{ "/system.slice/docker-" C ".scope/init.scope", CONTAINER_CONTAINER, "docker", C, "", "", "docker-" C ".scope",
	  "system.slice", SHORT },
	{ USER "/user.slice/docker-" C ".scope", CONTAINER_CONTAINER, "docker", C, "", "", "docker-" C ".scope",
	  "user.slice", SHORT },
	{ "/system.slice:docker:" C, CONTAINER_CONTAINER, "docker", C, "", "", "", "system.slice", SHORT },
	{ "/system.slice/docker.service/docker/buildkit/kx2ab", CONTAINER_CONTAINER, "buildkit", "kx2ab", "", "",
	  "docker.service", "system.slice", "kx2ab" },
	{ "/actions_job/" C, CONTAINER_CONTAINER, "", C, "", "", "", "", SHORT },
	{ "/ecs/task1/" C, CONTAINER_CONTAINER, "", C, "", "", "", "", SHORT },
	/* kubernetes, cgroupfs driver */
	{ "/kubepods/burstable/pod" U_DASH "/" C, CONTAINER_CONTAINER, "", C, U_DASH, "burstable", "", "", SHORT },
	{ "/kubepods/besteffort/pod" U_DASH "/" C, CONTAINER_CONTAINER, "", C, U_DASH, "besteffort", "", "", SHORT },
	{ "/kubepods/pod" U_DASH "/" C, CONTAINER_CONTAINER, "", C, U_DASH, "guaranteed", "", "", SHORT },
	{ "/kubepods/burstable/pod" STATIC_POD "/" C, CONTAINER_CONTAINER, "", C, STATIC_POD, "burstable", "", "",
	  SHORT },
	{ "/kubepods/burstable/pod" U_DASH, CONTAINER_POD, "", "", U_DASH, "burstable", "", "", U_SHORT },
	{ "/kubepods/burstable/pod" U_DASH "/crio-" C, CONTAINER_CONTAINER, "cri-o", C, U_DASH, "burstable", "", "",
	  SHORT },
	/* kubernetes, systemd driver */
	{ "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" U_LOW ".slice/cri-containerd-" C ".scope",
	  CONTAINER_CONTAINER, "containerd", C, U_DASH, "burstable", "cri-containerd-" C ".scope",
	  "kubepods-burstable-pod" U_LOW ".slice", SHORT },
	{ "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" U_LOW ".slice/crio-" C ".scope/container",
	  CONTAINER_CONTAINER, "cri-o", C, U_DASH, "besteffort", "crio-" C ".scope",
	  "kubepods-besteffort-pod" U_LOW ".slice", SHORT },
	{ "/kubepods.slice/kubepods-pod" STATIC_POD ".slice/docker-" C ".scope", CONTAINER_CONTAINER, "docker", C,
	  STATIC_POD, "guaranteed", "docker-" C ".scope", "kubepods-pod" STATIC_POD ".slice", SHORT },
	{ "/kubepods.slice/kubepods-pod" U_LOW ".slice", CONTAINER_POD, "", "", U_DASH, "guaranteed", "",
	  "kubepods-pod" U_LOW ".slice", U_SHORT },
	{ "/kubepods.slice/kubepods-pod" U_LOW ".slice/crio-conmon-" C ".scope", CONTAINER_POD, "", "", U_DASH,
	  "guaranteed", "crio-conmon-" C ".scope", "kubepods-pod" U_LOW ".slice", U_SHORT },
	{ "/kubepods.slice/kubepods-burstable.slice", CONTAINER_SLICE, "", "", "", "", "", "kubepods-burstable.slice",
	  "kubepods-burstable.slice" },
	{ "/system.slice/containerd.service/kubepods-burstable-pod" U_LOW ".slice:cri-containerd:" C,
	  CONTAINER_CONTAINER, "containerd", C, U_DASH, "burstable", "containerd.service",
	  "kubepods-burstable-pod" U_LOW ".slice", SHORT },
	{ "/kubepods-besteffort-pod" U_LOW ".slice:crio:" C, CONTAINER_CONTAINER, "cri-o", C, U_DASH, "besteffort", "",
	  "kubepods-besteffort-pod" U_LOW ".slice", SHORT },
	/* kind: a kubelet in a docker container; the innermost wins */
	{ "/docker/" D "/kubelet/kubepods/burstable/pod" U_DASH "/" C, CONTAINER_CONTAINER, "", C, U_DASH, "burstable",
	  "", "", SHORT },
	{ "/system.slice/docker-" D ".scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable"
	  ".slice/kubelet-kubepods-burstable-pod" U_LOW ".slice/cri-containerd-" C ".scope",
	  CONTAINER_CONTAINER, "containerd", C, U_DASH, "burstable", "cri-containerd-" C ".scope",
	  "kubelet-kubepods-burstable-pod" U_LOW ".slice", SHORT },
	{ "/docker/" D "/kubelet/kubepods/besteffort/pod" U_DASH, CONTAINER_POD, "", "", U_DASH, "besteffort", "", "",
	  U_SHORT },
	{ "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-"
	  "besteffort-pod" U_LOW ".slice/x",
	  CONTAINER_POD, "", "", U_DASH, "besteffort", "", "kubelet-kubepods-besteffort-pod" U_LOW ".slice", U_SHORT },
	{ "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" U_LOW ".slice", CONTAINER_POD, "", "", U_DASH,
	  "guaranteed", "", "kubelet-kubepods-pod" U_LOW ".slice", U_SHORT },
	{ "/kubepods/pod" U_DASH "/" D "/docker/" C, CONTAINER_CONTAINER, "docker", C, U_DASH, "guaranteed", "", "",
	  SHORT },
	/* a cgroup namespace */
	{ "/../" C, CONTAINER_CONTAINER, "", C, "", "", "", "", SHORT },
	{ "/../../kubepods-pod" U_LOW ".slice/cri-containerd-" C ".scope", CONTAINER_CONTAINER, "containerd", C, U_DASH,
	  "guaranteed", "cri-containerd-" C ".scope", "kubepods-pod" U_LOW ".slice", SHORT },
	{ "/..", CONTAINER_NONE, "", "", "", "", "", "", "" },
	/* podman */
	{ "/machine.slice/libpod-" C ".scope/container", CONTAINER_CONTAINER, "podman", C, "", "", "libpod-" C ".scope",
	  "machine.slice", SHORT },
	{ "/machine.slice/libpod-conmon-" C ".scope", CONTAINER_SCOPE, "", "", "", "", "libpod-conmon-" C ".scope",
	  "machine.slice", "libpod-conmon-" C ".scope" },
	{ USER "/user.slice/libpod-" C ".scope/container", CONTAINER_CONTAINER, "podman", C, "", "",
	  "libpod-" C ".scope", "user.slice", SHORT },
	{ "/libpod_parent/libpod-" C, CONTAINER_CONTAINER, "podman", C, "", "", "", "", SHORT },
	{ "/libpod_parent/" D "/libpod-" C, CONTAINER_CONTAINER, "podman", C, D, "", "", "", SHORT },
	{ "/system.slice/web.service/libpod-payload-" C, CONTAINER_CONTAINER, "podman", C, "", "", "web.service",
	  "system.slice", SHORT },
	{ "/machine.slice/machine-libpod_pod_" C ".slice", CONTAINER_POD, "podman", "", C, "", "",
	  "machine-libpod_pod_" C ".slice", SHORT },
	{ USER "/user.slice/user-libpod_pod_" D ".slice/libpod-" C ".scope", CONTAINER_CONTAINER, "podman", C, D, "",
	  "libpod-" C ".scope", "user-libpod_pod_" D ".slice", SHORT },
	/* other runtimes on runc */
	{ "/system.slice/nerdctl-" C ".scope", CONTAINER_CONTAINER, "containerd", C, "", "", "nerdctl-" C ".scope",
	  "system.slice", SHORT },
	{ "/system.slice:nerdctl:" C, CONTAINER_CONTAINER, "containerd", C, "", "", "", "system.slice", SHORT },
	{ "/system.slice/runc-mybox.scope", CONTAINER_CONTAINER, "runc", "mybox", "", "", "runc-mybox.scope",
	  "system.slice", "mybox" },
	{ "/system.slice/garden-" C ".scope", CONTAINER_CONTAINER, "garden", C, "", "", "garden-" C ".scope",
	  "system.slice", SHORT },
	/* machines */
	{ "/machine.slice/machine-deb\\x2d12.scope/payload", CONTAINER_MACHINE, "nspawn", "deb-12", "", "",
	  "machine-deb\\x2d12.scope", "machine.slice", "deb-12" },
	{ "/machine.slice/systemd-nspawn@deb.service/payload", CONTAINER_MACHINE, "nspawn", "deb", "", "",
	  "systemd-nspawn@deb.service", "machine.slice", "deb" },
	{ "/machine.slice/machine-qemu\\x2d3\\x2dweb\\x2d1.scope/libvirt/vcpu0", CONTAINER_MACHINE, "libvirt", "web-1",
	  "", "", "machine-qemu\\x2d3\\x2dweb\\x2d1.scope", "machine.slice", "web-1" },
	{ "/machine.slice/machine-lxc\\x2d12\\x2dbox.scope", CONTAINER_MACHINE, "libvirt-lxc", "box", "", "",
	  "machine-lxc\\x2d12\\x2dbox.scope", "machine.slice", "box" },
	{ "/machine/qemu-3-web.libvirt-qemu/emulator", CONTAINER_MACHINE, "libvirt", "web", "", "", "", "", "web" },
	{ "/machine/lxc-7-box.libvirt-lxc", CONTAINER_MACHINE, "libvirt-lxc", "box", "", "", "", "", "box" },
	{ "/lxc/101", CONTAINER_MACHINE, "lxc", "101", "", "", "", "", "101" },
	{ "/lxc.payload.web/system.slice/nginx.service", CONTAINER_MACHINE, "lxc", "web", "", "", "nginx.service",
	  "system.slice", "web" },
	{ "/lxc.payload/web", CONTAINER_MACHINE, "lxc", "web", "", "", "", "", "web" },
	{ "/lxc.monitor.web", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/lxc.payload.web/docker/" C, CONTAINER_CONTAINER, "docker", C, "", "", "", "", SHORT },
	/* systemd */
	{ "/system.slice/nginx.service", CONTAINER_SERVICE, "", "", "", "", "nginx.service", "system.slice",
	  "nginx.service" },
	{ "/system.slice/system-getty.slice/getty@tty1.service", CONTAINER_SERVICE, "", "", "", "",
	  "getty@tty1.service", "system-getty.slice", "getty@tty1.service" },
	{ "/user.slice/user-1000.slice/session-3.scope", CONTAINER_SESSION, "", "", "", "", "session-3.scope",
	  "user-1000.slice", "session-3.scope" },
	{ USER "/app.slice/app-firefox-1.scope", CONTAINER_SCOPE, "", "", "", "", "app-firefox-1.scope", "app.slice",
	  "app-firefox-1.scope" },
	{ USER "/init.scope", CONTAINER_SERVICE, "", "", "", "", "user@1000.service", "user-1000.slice",
	  "user@1000.service" },
	{ "/init.scope", CONTAINER_SCOPE, "", "", "", "", "init.scope", "", "init.scope" },
	{ "/user.slice", CONTAINER_SLICE, "", "", "", "", "", "user.slice", "user.slice" },
	{ "/", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/some/plain/folder", CONTAINER_NONE, "", "", "", "", "", "", "" },
};

static const struct path_case lookalikes[] = {
	{ "/docker/" SHORT, CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/docker/" C "0", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/x/0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", CONTAINER_NONE, "", "", "", "", "", "",
	  "" },
	{ "/system.slice/docker-x.scope", CONTAINER_SCOPE, "", "", "", "", "docker-x.scope", "system.slice",
	  "docker-x.scope" },
	{ "/kubepods/burstable/pod6a845aba-7ad2-4ae3-b0a6", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/kubepods/burstable/podzz845aba-7ad2-4ae3-b0a6-4b01b7ac3da5", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/kubepods/burstable/pod6a845aba.7ad2.4ae3.b0a6.4b01b7ac3da5", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/elsewhere/pod" U_DASH, CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/machine.slice/machine-.scope", CONTAINER_SCOPE, "", "", "", "", "machine-.scope", "machine.slice",
	  "machine-.scope" },
	{ "/machine/qemu-x-web.libvirt-qemu", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/machine/qemu-99999999999999999999-web.libvirt-qemu", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/machine/qemu-3-.libvirt-qemu", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/lxc.payload.", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/a:b:c", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/-" C ".scope", CONTAINER_SCOPE, "", "", "", "", "-" C ".scope", "", "-" C ".scope" },
	{ "///..//./", CONTAINER_NONE, "", "", "", "", "", "", "" },
	{ "/machine.slice/machine-a\\x1b\\xz.scope", CONTAINER_MACHINE, "nspawn", "a\\x1b\\xz", "", "",
	  "machine-a\\x1b\\xz.scope", "machine.slice", "a\\x1b\\xz" },
};

static void run(const struct path_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct path_case *c = &cases[i];
		char *path = buffer__exact(c->path, strlen(c->path) + 1);
		struct container_identity out;

		container__identify(path, &out);
		free(path);
		if (out.kind != c->kind || strcmp(out.runtime, c->runtime) || strcmp(out.id, c->id) ||
		    strcmp(out.pod_uid, c->pod_uid) || strcmp(out.qos, c->qos) || strcmp(out.unit, c->unit) ||
		    strcmp(out.slice, c->slice) || strcmp(out.name, c->name))
			fail_msg("%s: %s runtime '%s' id '%s' pod '%s' qos '%s' unit '%s' slice '%s' "
				 "name '%s'",
				 c->path, container__kind_name(out.kind), out.runtime, out.id, out.pod_uid, out.qos,
				 out.unit, out.slice, out.name);
	}
}

static void every_pattern(void **state)
{
	(void)state;
	run(path_cases, COUNT(path_cases));
}

static void what_only_looks_like_one(void **state)
{
	(void)state;
	run(lookalikes, COUNT(lookalikes));
}

static void enormous(void **state)
{
	static char path[1 << 20];
	struct container_identity out;

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	memcpy(path, "/lxc/", 5);
	container__identify(path, &out);
	assert_int_equal(out.kind, CONTAINER_MACHINE);
	assert_int_equal(strlen(out.id), CONTAINER_ID_MAX - 1);
	memset(path, '/', sizeof(path) - 1);
	container__identify(path, &out);
	assert_int_equal(out.kind, CONTAINER_NONE);
}

/* its topmost cgroup, which tells it from all others */
static void places(void **state)
{
	static const struct {
		const char *place, *below;
	} cases[] = {
		{ "/docker/" C, "" },
		{ "/system.slice/docker-" C ".scope", "/init.scope" },
		{ USER "/app.slice/docker-" C ".scope", "" },
		{ "/machine.slice/libpod-" C ".scope", "/container/" C "/deeper" },
		{ "/docker/" D "/docker/" C, "/x" },
		{ "/docker/" C "/docker/" D "/docker/" C, "/x" },
		{ "/kubepods/burstable/pod" U_DASH, "" },
		{ "/kubepods/burstable/pod" U_DASH "/crio-" C, "/container" },
		{ "/kubepods-besteffort-pod" U_LOW ".slice:crio:" C, "/x" },
		{ "/lxc.payload.db", "/system.slice/db.service" },
		{ "/lxc/db/lxc/db", "/x" },
		{ "/../../machine.slice/machine-db.scope", "/payload" },
		{ "", "/system.slice/nginx.service" },
		{ "", USER "/app.slice" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct container_identity out;
		char path[1024];

		snprintf(path, sizeof(path), "%s%s", cases[i].place, cases[i].below);
		container__identify(path, &out);
		if (out.place != strlen(cases[i].place))
			fail_msg("%s: %zu, not %zu", path, out.place, strlen(cases[i].place));
	}
}

static void folders_of_containers(void **state)
{
	static const char *const theirs[] = {
		"/var/lib/docker/containers/" C "/mounts/shm",
		"/var/lib/containers/storage/overlay-containers/" C "/userdata/shm",
		"/run/containerd/io.containerd.grpc.v1.cri/sandboxes/" C "/shm",
		"/var/lib/kubelet/pods/6a845aba-7ad2-4ae3-b0a6-4b01b7ac3da5/volumes/kubernetes.io~empty-dir/x",
		"/var/lib/kubelet/pods/0123456789abcdef0123456789abcdef/volumes/kubernetes.io~projected/y",
	};
	static const char *const others[] = {
		"",
		"/",
		"/dev/shm",
		"/mnt/" C "0",
		"/mnt/x" C,
		"/srv/6a845aba-7ad2-4ae3-b0a6-4b01b7ac3da5/x",
		"/mnt/0123456789abcdef0123456789abcdef",
		"/pods/a",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(theirs); i++)
		if (!container__is_folder_of(theirs[i]))
			fail_msg("%s", theirs[i]);
	for (size_t i = 0; i < COUNT(others); i++)
		if (container__is_folder_of(others[i]))
			fail_msg("%s", others[i]);
}

static void names_of_kinds(void **state)
{
	(void)state;
	assert_string_equal(container__kind_name(CONTAINER_NONE), "none");
	assert_string_equal(container__kind_name(CONTAINER_CONTAINER), "container");
	assert_string_equal(container__kind_name((enum container_kind)99), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pattern),  cmocka_unit_test(what_only_looks_like_one),
		cmocka_unit_test(enormous),       cmocka_unit_test(folders_of_containers),
		cmocka_unit_test(names_of_kinds), cmocka_unit_test(places),
	};

	return cmocka_run_group_tests_name("container", tests, NULL, NULL);
}
