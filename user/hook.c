// SPDX-License-Identifier: GPL-2.0-only
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "dispositions.h"
#include "say.h"
#include "survive.h"

#define NS 1000000000ULL
#define SAID_MAX 200
#define ENVIRONMENT_MOST 4096

extern char **environ;

struct hook {
	char *text;
	char *words[HOOK_WORDS + 1];
	uint64_t timeout_ns, end_ns;
	pid_t pid; /* 0: none runs */
	bool killed;
	int input_fd, output_fd; /* -1: closed */
	size_t written;
	struct hook_call running;
	struct hook_call waiting[HOOK_WAITING];
	size_t waiting_count;
	uint64_t dropped;
	char said[SAID_MAX]; /* the first that it printed */
	size_t said_length;
};

/* one word from *from on, unquoted in place into *to; false: a quote does not end */
static bool take_word(char **from, char **to)
{
	char quote = 0;

	for (; **from && (quote || !strchr(" \t\n", **from)); (*from)++) {
		char c = **from;

		if (c == quote && quote) {
			quote = 0;
			continue;
		}
		if (!quote && (c == '\'' || c == '"')) {
			quote = c;
			continue;
		}
		if (c == '\\' && quote != '\'' && (*from)[1])
			c = *++*from;
		*(*to)++ = c;
	}
	return !quote;
}

int hook__split(char *text, char **words, int cap)
{
	char *from = text, *to = text;
	int count = 0;

	for (;;) {
		bool more;

		from += strspn(from, " \t\n");
		if (!*from)
			return count ? count : -EINVAL;
		if (count == cap)
			return -E2BIG;
		words[count++] = to;
		if (!take_word(&from, &to))
			return -EINVAL;
		more = *from != '\0';
		*to++ = '\0';
		if (!more)
			return count;
		from++;
	}
}

int hook__open(struct hook **out, const char *command, double timeout_seconds)
{
	struct hook *hook = calloc(1, sizeof(*hook));
	int n;

	*out = NULL;
	if (!hook)
		return -ENOMEM;
	hook->input_fd = hook->output_fd = -1;
	hook->text = strdup(command);
	if (!hook->text) {
		free(hook);
		return -ENOMEM;
	}
	n = hook__split(hook->text, hook->words, HOOK_WORDS);
	if (n < 0) {
		hook__close(hook);
		return n;
	}
	hook->timeout_ns = (uint64_t)(timeout_seconds * (double)NS);
	*out = hook;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* our environment, and the call's variables before it */
static void fill_environment(struct hook *hook, char **environment)
{
	size_t n = 0;

	for (size_t i = 0; i < HOOK_VARIABLES && hook->running.variables[i][0]; i++)
		environment[n++] = hook->running.variables[i];
	for (char **variable = environ; *variable && n < ENVIRONMENT_MOST; variable++) {
		if (strncmp(*variable, "PAGETIDE_", 9) != 0)
			environment[n++] = *variable;
	}
	environment[n] = NULL;
}

static int spawn(struct hook *hook, int input, int output)
{
	static char *environment[ENVIRONMENT_MOST + 1];
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, changed;
	int err;

	sigemptyset(&none);
	dispositions__changed(&changed);
	fill_environment(hook, environment);
	if (posix_spawn_file_actions_init(&files))
		return -ENOMEM;
	if (posix_spawnattr_init(&attributes)) {
		posix_spawn_file_actions_destroy(&files);
		return -ENOMEM;
	}
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &changed);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
	err = posix_spawnp(&hook->pid, hook->words[0], &files, &attributes, hook->words, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return -err;
}

/* what it takes of its input; a pipe holds all of it unless it is odd */
static void feed(struct hook *hook)
{
	while (hook->input_fd >= 0) {
		ssize_t n = write(hook->input_fd, hook->running.input + hook->written,
				  hook->running.input_length - hook->written);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n > 0)
			hook->written += (size_t)n;
		if (n <= 0 || hook->written == hook->running.input_length)
			close_fd(&hook->input_fd);
	}
}

/* what it prints is read, so that it does not wait, and all but its beginning forgotten */
static void listen_to(struct hook *hook)
{
	char text[4096];
	int rounds = 64; /* a flood must not keep us */
	ssize_t n;

	while (hook->output_fd >= 0 && rounds--) {
		n = read(hook->output_fd, text, sizeof(text));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			close_fd(&hook->output_fd);
			return;
		}
		if ((size_t)n > sizeof(hook->said) - 1 - hook->said_length)
			n = (ssize_t)(sizeof(hook->said) - 1 - hook->said_length);
		memcpy(hook->said + hook->said_length, text, (size_t)n);
		hook->said_length += (size_t)n;
	}
}

static void start(struct hook *hook, uint64_t now_ns)
{
	int input[2] = { -1, -1 }, output[2] = { -1, -1 }, err = 0;

	hook->written = hook->said_length = 0;
	hook->killed = false;
	if (pipe2(input, O_CLOEXEC | O_NONBLOCK) || pipe2(output, O_CLOEXEC | O_NONBLOCK))
		err = -errno;
	if (!err) { /* the child's ends wait as usual */
		fcntl(input[0], F_SETFL, 0);
		fcntl(output[1], F_SETFL, 0);
		err = spawn(hook, input[0], output[1]);
	}
	close_fd(&input[0]);
	close_fd(&output[1]);
	hook->input_fd = input[1];
	hook->output_fd = output[0];
	if (err) {
		say("cannot run the command of --on-warn, %s: %s", hook->words[0], strerror(-err));
		close_fd(&hook->input_fd);
		close_fd(&hook->output_fd);
		hook->pid = 0;
		return;
	}
	survive__release(hook->pid);
	hook->end_ns = now_ns + hook->timeout_ns;
	feed(hook);
}

static void tell_end(const struct hook *hook, int status)
{
	char said[SAID_MAX];

	memcpy(said, hook->said, hook->said_length);
	said[hook->said_length] = '\0';
	said[strcspn(said, "\n")] = '\0';
	if (hook->killed)
		say("the command of --on-warn, %s, was not done after %.0f s and was ended%s%s", hook->words[0],
		    (double)hook->timeout_ns / (double)NS, said[0] ? ": " : "", said);
	else if (WIFSIGNALED(status))
		say("the command of --on-warn, %s, was killed by signal %d%s%s", hook->words[0], WTERMSIG(status),
		    said[0] ? ": " : "", said);
	else if (WEXITSTATUS(status))
		say("the command of --on-warn, %s, failed with status %d%s%s", hook->words[0], WEXITSTATUS(status),
		    said[0] ? ": " : "", said);
}

static void reap(struct hook *hook)
{
	int status;

	if (waitpid(hook->pid, &status, WNOHANG) != hook->pid)
		return;
	listen_to(hook);
	tell_end(hook, status);
	hook->pid = 0;
	close_fd(&hook->input_fd);
	close_fd(&hook->output_fd);
}

void hook__run(struct hook *hook, const struct hook_call *call, uint64_t now_ns)
{
	if (hook->waiting_count == HOOK_WAITING) {
		hook->waiting_count--;
		hook->dropped++;
		memmove(&hook->waiting[0], &hook->waiting[1], hook->waiting_count * sizeof(*call));
	}
	hook->waiting[hook->waiting_count++] = *call;
	hook__look(hook, now_ns);
}

void hook__look(struct hook *hook, uint64_t now_ns)
{
	if (!hook)
		return;
	if (hook->pid) {
		feed(hook);
		listen_to(hook);
		reap(hook);
	}
	if (hook->pid && now_ns >= hook->end_ns && !hook->killed) {
		hook->killed = true;
		kill(-hook->pid, SIGKILL);
		reap(hook);
	}
	while (!hook->pid && hook->waiting_count) {
		hook->running = hook->waiting[0];
		hook->waiting_count--;
		memmove(&hook->waiting[0], &hook->waiting[1], hook->waiting_count * sizeof(hook->waiting[0]));
		start(hook, now_ns);
	}
	if (hook->dropped && !hook->waiting_count) {
		say("%llu warnings came while the command of --on-warn was running, and were not given to it",
		    (unsigned long long)hook->dropped);
		hook->dropped = 0;
	}
}

void hook__close(struct hook *hook)
{
	if (!hook)
		return;
	for (int i = 0; hook->pid && i < 20; i++) {
		struct pollfd output = { .fd = hook->output_fd, .events = POLLIN };

		poll(&output, hook->output_fd >= 0 ? 1 : 0, 50);
		feed(hook);
		listen_to(hook);
		reap(hook);
	}
	if (hook->pid) {
		kill(-hook->pid, SIGKILL);
		waitpid(hook->pid, NULL, 0);
	}
	close_fd(&hook->input_fd);
	close_fd(&hook->output_fd);
	free(hook->text);
	free(hook);
}
