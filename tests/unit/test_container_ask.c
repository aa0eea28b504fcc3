// SPDX-License-Identifier: GPL-2.0-only
// needs: container container_config container_files file http_answer parse thread
/* Questions to a daemon that answers, comes late, hangs, talks without end or nonsense: nobody else waits for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>

#include "clock.h"
#include "container_ask.h"
#include "fake_daemon.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define C "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define D "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define OK "HTTP/1.0 200 OK\r\n\r\n"
#define WEB "{\"Id\":\"" C "\",\"Name\":\"/web\",\"Config\":{\"Image\":\"nginx:1\",\"Labels\":{}}}"
#define LONG_MS 5000 /* longer than anything may take */

struct machine {
	char root[64], socket[128], podman[128];
	int fd;
	struct container_ask *ask;
};

static int set_up(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	strcpy(m->root, "/tmp/container-ask-XXXXXX");
	assert_non_null(mkdtemp(m->root));
	snprintf(m->socket, sizeof(m->socket), "%s/run/docker.sock", m->root);
	snprintf(m->podman, sizeof(m->podman), "%s/run/podman/podman.sock", m->root);
	m->fd = open(m->root, O_RDONLY | O_DIRECTORY);
	assert_int_equal(container_ask__open(&m->ask, m->fd), 0);
	*state = m;
	return 0;
}

static int tear_down(void **state)
{
	struct machine *m = *state;
	char command[128];

	container_ask__close(m->ask);
	close(m->fd);
	snprintf(command, sizeof(command), "rm -rf %s", m->root);
	assert_int_equal(system(command), 0);
	free(m);
	return 0;
}

static void put(struct machine *m, const char *runtime, const char *id)
{
	struct container_identity identity = { .kind = CONTAINER_CONTAINER };

	strcpy(identity.runtime, runtime);
	strcpy(identity.id, id);
	container_ask__put(m->ask, &identity);
}

static double seconds_since(uint64_t ns)
{
	return (double)(clock__ns(CLOCK_MONOTONIC) - ns) / 1e9;
}

/* ---- daemons ---- */

static void right(struct fake_daemon *fake, int fd, const char *request)
{
	(void)fake;
	fake__send(fd, strstr(request, C) ? OK WEB : "HTTP/1.0 404 Not Found\r\n\r\n{}");
}

static void slow(struct fake_daemon *fake, int fd, const char *request)
{
	(void)request;
	for (const char *p = OK WEB; *p; p++) {
		const char text[] = { *p, '\0' };

		fake__send(fd, text);
		if (!fake__pause(fake, 1))
			return;
	}
}

static void keeps_open(struct fake_daemon *fake, int fd, const char *request)
{
	char text[512];

	(void)request;
	snprintf(text, sizeof(text), "HTTP/1.0 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(WEB), WEB);
	fake__send(fd, text);
	fake__pause(fake, LONG_MS);
}

static void hangs(struct fake_daemon *fake, int fd, const char *request)
{
	(void)fd;
	(void)request;
	fake__pause(fake, LONG_MS);
}

static void hangs_in_the_middle(struct fake_daemon *fake, int fd, const char *request)
{
	(void)request;
	fake__send(fd, OK "{\"Id\":\"");
	fake__pause(fake, LONG_MS);
}

static void talks_without_end(struct fake_daemon *fake, int fd, const char *request)
{
	static char text[64 << 10];

	(void)request;
	memset(text, ' ', sizeof(text) - 1);
	fake__send(fd, OK);
	for (int i = 0; i < 64 && fake__pause(fake, 0); i++)
		fake__send(fd, text);
}

static atomic_bool all_are_asked;

static void waits_for_all(struct fake_daemon *fake, int fd, const char *request)
{
	while (!all_are_asked && fake__pause(fake, 1))
		;
	right(fake, fd, request);
}

static const char *_Atomic nonsense;

static void talks_nonsense(struct fake_daemon *fake, int fd, const char *request)
{
	(void)fake;
	(void)request;
	fake__send(fd, nonsense);
}

static void names_the_pod(struct fake_daemon *fake, int fd, const char *request)
{
	(void)fake;
	fake__send(fd, strstr(request, "/v4.0.0/libpod/pods/" C "/json ") ? OK "{\"Id\":\"" C "\",\"Name\":\"shop\"}"
									  : "HTTP/1.0 404 Not Found\r\n\r\n");
}

/* ---- tests ---- */

static void answered(void **state)
{
	static const fake_answer_fn daemons[] = { right, slow, keeps_open };
	struct machine *m = *state;
	struct container_answer answer;

	for (size_t i = 0; i < COUNT(daemons); i++) {
		struct fake_daemon *fake = fake__start(m->socket, daemons[i]);

		put(m, "docker", C);
		container_ask__wait(m->ask, LONG_MS);
		assert_true(container_ask__take(m->ask, &answer));
		assert_string_equal(answer.id, C);
		assert_string_equal(answer.label.name, "web");
		assert_string_equal(answer.label.image, "nginx:1");
		assert_string_equal(answer.label.runtime, "docker");
		assert_false(container_ask__take(m->ask, &answer));
		assert_string_equal(fake->request, "GET /containers/" C "/json HTTP/1.0\r\nHost: localhost\r\n\r\n");
		fake__stop(fake);
	}
}

static void a_pod_of_podman(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *fake = fake__start(m->podman, names_the_pod);
	struct container_identity identity = { .kind = CONTAINER_POD, .runtime = "podman", .pod_uid = C };
	struct container_answer answer;

	container_ask__put(m->ask, &identity);
	container_ask__wait(m->ask, LONG_MS);
	assert_true(container_ask__take(m->ask, &answer));
	assert_string_equal(answer.label.pod, "shop");
	assert_string_equal(answer.label.runtime, "podman");
	fake__stop(fake);
}

/* an unknown runtime's container is asked of both, another one's of nobody */
static void who_is_asked(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *docker = fake__start(m->socket, names_the_pod), *podman = fake__start(m->podman, right);
	struct container_answer answer;

	put(m, "", C);
	container_ask__wait(m->ask, LONG_MS);
	assert_true(container_ask__take(m->ask, &answer));
	assert_string_equal(answer.label.runtime, "podman");
	assert_int_equal(docker->asked, 1);
	assert_int_equal(podman->asked, 1);
	put(m, "containerd", C);
	put(m, "cri-o", C);
	put(m, "lxc", "web");
	put(m, "docker", "web"); /* no id */
	put(m, "podman", D);
	container_ask__wait(m->ask, LONG_MS);
	assert_false(container_ask__take(m->ask, &answer));
	assert_int_equal(docker->asked, 1);
	assert_int_equal(podman->asked, 2);
	fake__stop(docker);
	fake__stop(podman);
}

static void nobody_there(void **state)
{
	struct machine *m = *state;
	struct container_answer answer;
	char command[160];

	put(m, "docker", C);
	container_ask__wait(m->ask, LONG_MS);
	assert_false(container_ask__take(m->ask, &answer));
	fake__stop(fake__start(m->socket, right));
	snprintf(command, sizeof(command), "touch %s", m->socket); /* no socket */
	assert_int_equal(system(command), 0);
	put(m, "docker", C);
	container_ask__wait(m->ask, LONG_MS);
	assert_false(container_ask__take(m->ask, &answer));
}

static void no_answer(void **state)
{
	static char deep[10000];
	static const char *const texts[] = {
		"",
		"nonsense",
		"HTTP/1.0 404 Not Found\r\n\r\n" WEB,
		"HTTP/1.0 500 No\r\n\r\n" WEB,
		OK,
		OK "{",
		OK "[]",
		OK "{}",
		OK "{\"Id\":7,\"Name\":\"/web\"}",
		OK "{\"Id\":\"" D "\",\"Name\":\"/web\"}", /* another one */
		OK "{\"Id\":\"" C "\"}",
		OK "{\"Id\":\"" C "\",\"Name\":{}}",
		OK "{\"Id\":\"" C "\",\"Name\":\"\"}",
		OK "{\"Id\":\"" C "\",\"Name\":\"\\u0000\"}",
		deep,
	};
	struct machine *m = *state;
	struct fake_daemon *fake = fake__start(m->socket, talks_nonsense);
	struct container_answer answer;

	strcpy(deep, OK);
	memset(deep + strlen(OK), '[', sizeof(deep) - strlen(OK) - 1);
	for (size_t i = 0; i < COUNT(texts); i++) {
		nonsense = texts[i];
		put(m, "docker", C);
		container_ask__wait(m->ask, LONG_MS);
		if (container_ask__take(m->ask, &answer))
			fail_msg("'%s' was an answer", texts[i]);
		assert_int_equal(fake->asked, i + 1);
	}
	fake__stop(fake);
}

static void an_end_in_time(void **state)
{
	static const fake_answer_fn daemons[] = { hangs, hangs_in_the_middle, talks_without_end, NULL };
	struct container_answer answer;

	for (size_t i = 0; i < COUNT(daemons); i++) {
		struct machine *m;
		struct fake_daemon *fake;
		uint64_t began;
		void *own;

		set_up(&own);
		m = own;
		fake = fake__start(m->socket, daemons[i]);
		began = clock__ns(CLOCK_MONOTONIC);
		put(m, "docker", C);
		put(m, "docker", D);
		if (seconds_since(began) > 0.2)
			fail_msg("%zu: to have asked took %.3f s", i, seconds_since(began));
		container_ask__wait(m->ask, LONG_MS);
		if (seconds_since(began) > 2.5)
			fail_msg("%zu: it took %.3f s", i, seconds_since(began));
		assert_false(container_ask__take(m->ask, &answer));
		fake__stop(fake);
		tear_down(&own);
	}
	(void)state;
}

/* the second question would wait as long: it is not asked */
static void who_hangs_is_left_alone(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *fake = fake__start(m->socket, hangs);
	uint64_t began = clock__ns(CLOCK_MONOTONIC);

	put(m, "docker", C);
	put(m, "docker", D);
	put(m, "docker", C); /* it is asked for already */
	container_ask__wait(m->ask, LONG_MS);
	put(m, "docker", D);
	container_ask__wait(m->ask, LONG_MS);
	assert_true(seconds_since(began) >= 0.9 && seconds_since(began) < 2);
	assert_int_equal(fake->asked, 1);
	fake__stop(fake);
}

static void the_end_does_not_wait(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *fake = fake__start(m->socket, hangs);
	uint64_t began;

	put(m, "docker", C);
	put(m, "docker", D);
	while (!fake->asked)
		sched_yield();
	began = clock__ns(CLOCK_MONOTONIC);
	container_ask__wait(m->ask, 50);
	container_ask__close(m->ask);
	m->ask = NULL;
	if (seconds_since(began) > 0.4)
		fail_msg("it took %.3f s", seconds_since(began));
	fake__stop(fake);
}

static void many_at_once(void **state)
{
	struct machine *m = *state;
	struct fake_daemon *fake = fake__start(m->socket, waits_for_all);
	struct container_answer answer;
	char id[65];

	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "%064x", i);
		put(m, "docker", id);
	}
	all_are_asked = true;
	container_ask__wait(m->ask, LONG_MS);
	assert_false(container_ask__take(m->ask, &answer));
	assert_int_equal(fake->asked, ASK_WAITING);
	fake__stop(fake);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answered),
		TEST(a_pod_of_podman),
		TEST(who_is_asked),
		TEST(nobody_there),
		TEST(no_answer),
		cmocka_unit_test(an_end_in_time),
		TEST(who_hangs_is_left_alone),
		TEST(the_end_does_not_wait),
		TEST(many_at_once),
	};

	return cmocka_run_group_tests_name("container_ask", tests, NULL, NULL);
}
