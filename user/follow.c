// SPDX-License-Identifier: GPL-2.0-only
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dispositions.h"
#include "survive.h"

static void close_pair(const int fds[2])
{
	close(fds[0]);
	close(fds[1]);
}

/* what the child writes: its number, later the error of exec; false: it has ended, or closed it */
static bool hear(int fd, int *said)
{
	ssize_t n;

	do {
		n = read(fd, said, sizeof(*said));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*said);
}

static void child(const struct tracer *tracer, int go, int failed, char *const *argv, const sigset_t *mask)
{
	int err = tracer__caller(tracer);
	char byte;

	survive__release(0);
	if (write(failed, &err, sizeof(err)) != (ssize_t)sizeof(err))
		_exit(EXIT_FAILURE);
	dispositions__give_back();
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (read(go, &byte, 1) != 1)
		_exit(EXIT_FAILURE); /* pagetide gave up */
	execvp(argv[0], argv);
	err = errno;
	if (write(failed, &err, sizeof(err)) != (ssize_t)sizeof(err))
		_exit(EXIT_FAILURE);
	_exit(err == ENOENT ? 127 : 126);
}

/* the child knows what it is to the kernel: fork() told us what it is in our pid namespace */
static int follow_child(struct follow *follow, struct tracer *tracer)
{
	int said, err;

	if (!hear(follow->failed_fd, &said))
		err = -ECHILD;
	else
		err = said < 0 ? said : tracer__follow(tracer, (uint32_t)said);
	if (err)
		follow__abandon(follow);
	else
		follow->kernel_pid = (uint32_t)said;
	return err;
}

int follow__start(struct follow *follow, struct tracer *tracer, char *const *argv, const sigset_t *mask)
{
	int go[2], failed[2], err;

	memset(follow, 0, sizeof(*follow));
	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(failed, O_CLOEXEC)) {
		err = -errno;
		close_pair(go);
		return err;
	}
	follow->pid = fork();
	if (follow->pid < 0) {
		err = -errno;
		close_pair(go);
		close_pair(failed);
		return err;
	}
	if (follow->pid == 0) {
		close(go[1]);
		child(tracer, go[0], failed[1], argv, mask);
	}
	close(go[0]);
	close(failed[1]);
	follow->go_fd = go[1];
	follow->failed_fd = failed[0];
	return follow_child(follow, tracer);
}

int follow__go(struct follow *follow)
{
	int err = 0;
	bool failed;
	ssize_t n;

	n = write(follow->go_fd, "", 1);
	close(follow->go_fd);
	follow->go_fd = 0;
	if (n != 1)
		return -EPIPE;
	failed = hear(follow->failed_fd, &err);
	close(follow->failed_fd);
	follow->failed_fd = 0;
	if (!failed)
		return 0; /* closed by exec */
	waitpid(follow->pid, &follow->status, 0);
	follow->ended = true;
	return -err;
}

void follow__reap(struct follow *follow)
{
	if (follow->pid > 0 && !follow->ended && waitpid(follow->pid, &follow->status, WNOHANG) == follow->pid)
		follow->ended = true;
}

void follow__pass(const struct follow *follow, uint32_t signals)
{
	for (int signal = 1; signal < 32; signal++) {
		if (signals & 1U << signal && follow->pid > 0 && !follow->ended)
			kill(follow->pid, signal);
	}
}

void follow__abandon(struct follow *follow)
{
	if (follow->go_fd > 0)
		close(follow->go_fd);
	if (follow->failed_fd > 0)
		close(follow->failed_fd);
	if (follow->pid > 0 && !follow->ended)
		waitpid(follow->pid, &follow->status, 0);
	memset(follow, 0, sizeof(*follow));
}

int follow__exit_status(int wait_status)
{
	if (WIFSIGNALED(wait_status))
		return 128 + WTERMSIG(wait_status);
	return WEXITSTATUS(wait_status);
}

int follow__exec_status(int err)
{
	return err == -ENOENT ? 127 : 126;
}
