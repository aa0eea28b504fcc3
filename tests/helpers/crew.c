// SPDX-License-Identifier: GPL-2.0-only
/* The workers of pageops fuzz: each does one operation at a time, told over a pipe. */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void crew__work(int in, int out)
{
	static struct worker w;
	struct op op;
	struct result r;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	worker__init(&w);
	while (read(in, &op, sizeof(op)) == sizeof(op)) { /* smaller than PIPE_BUF: whole */
		op__run(&w, &op, &r);
		if (write(out, &r, sizeof(r)) != sizeof(r))
			break;
	}
	_exit(0);
}

_Static_assert(sizeof(struct op) <= 4096, "an operation must fit into one write to a pipe");

int crew__spawn(struct crew *c, int i)
{
	int to[2], from[2];
	char name[16];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		return -errno;
	fflush(NULL);
	c->pid[i] = fork();
	if (c->pid[i] < 0)
		return -errno;
	if (!c->pid[i]) {
		for (int j = 0; j < c->count; j++) /* else another's pipe would stay open */
			if (j != i && c->pid[j]) {
				close(c->to[j]);
				close(c->from[j]);
			}
		close(to[1]);
		close(from[0]);
		snprintf(name, sizeof(name), "fuzz-worker-%d", i % 100);
		prctl(PR_SET_NAME, name);
		crew__work(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	c->to[i] = to[1];
	c->from[i] = from[0];
	c->start_time[i] = truth__start_time(c->pid[i]);
	return 0;
}

int crew__start(struct crew *c, int count)
{
	int err = 0;

	c->count = count;
	for (int i = 0; i < count && !err; i++)
		err = crew__spawn(c, i);
	return err;
}

void crew__end(struct crew *c, int i)
{
	int status;

	if (c->pid[i] <= 0)
		return;
	close(c->to[i]);
	close(c->from[i]);
	waitpid(c->pid[i], &status, 0);
	c->pid[i] = 0;
}

int crew__do(struct crew *c, int i, const struct op *op, struct result *r)
{
	if (write(c->to[i], op, sizeof(*op)) != sizeof(*op))
		return -EPIPE;
	return read(c->from[i], r, sizeof(*r)) == sizeof(*r) ? 0 : -EPIPE;
}
