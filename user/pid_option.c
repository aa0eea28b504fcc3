// SPDX-License-Identifier: GPL-2.0-only
#include "pid_option.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "numbers.h"
#include "pidns.h"
#include "say.h"

/* where ps looks: kill(2) takes numbers of our own namespace, and /proc may be the host's all the same */
static bool is_there(uint32_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%" PRIu32, pid);
	return access(path, F_OK) == 0;
}

static int there_is_none(uint32_t pid)
{
	say("there is no process %" PRIu32 "; ps lists those that run", pid);
	return EXIT_FAILED;
}

/* a serve takes numbers as they are, and of two options of a name the last */
static int tell_serve(struct pid_option *pid, struct options *options)
{
	static char name[] = "--pid";
	size_t count = 0;

	while (options->words[count])
		count++;
	pid->words = calloc(count + 3, sizeof(*pid->words));
	if (!pid->words)
		return -ENOMEM;
	memcpy(pid->words, options->words, count * sizeof(*pid->words));
	snprintf(pid->number, sizeof(pid->number), "%" PRIu32, options->pid);
	pid->words[count] = name;
	pid->words[count + 1] = pid->number;
	options->words = pid->words;
	return 0;
}

int pid_option__resolve(struct pid_option *pid, struct options *options)
{
	uint32_t kernel;
	int err;

	memset(pid, 0, sizeof(*pid));
	if (!options->pid)
		return EXIT_OK;
	if (!pidns__differs())
		return is_there(options->pid) ? EXIT_OK : there_is_none(options->pid);
	if (numbers__translate(options->pid, &kernel))
		return EXIT_OK; /* then nothing may be traced either, and /proc has these numbers: pid_option__fits */
	if (!kernel)
		return there_is_none(options->pid);
	options->pid = kernel;
	options->pid_in_kernel = true;
	err = tell_serve(pid, options);
	if (!err)
		return EXIT_OK;
	say("cannot start: %s", strerror(-err));
	return EXIT_FAILED;
}

void pid_option__free(struct pid_option *pid)
{
	free(pid->words);
	pid->words = NULL;
}

bool pid_option__fits(const struct options *options, bool traced)
{
	return !options->pid || options->pid_in_kernel == traced || !pidns__differs();
}
