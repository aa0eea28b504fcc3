// SPDX-License-Identifier: GPL-2.0-only
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "out.h"
#include "say.h"

#define PATIENCE_SECONDS 2 /* of a user who wants to leave */

/* a file without a name: whatever ends us, nothing of it stays. -1 where there is no such thing. */
static int open_nameless(struct output *output)
{
	char folder[PATH_MAX];
	char *slash;
	int fd;

	strcpy(folder, output->path);
	slash = strrchr(folder, '/');
	if (!slash)
		strcpy(folder, ".");
	else
		slash[slash == folder] = '\0';
	fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0644);
	output->nameless = fd >= 0;
	return fd;
}

static void take_away(struct output *output)
{
	if (!output->nameless && output->temporary[0])
		unlink(output->temporary);
	output->temporary[0] = '\0';
	output->nameless = false;
}

int output__open(struct output *output, const char *path, FILE *otherwise)
{
	struct stat status;
	const char *name;
	int fd, err;

	memset(output, 0, sizeof(*output));
	output->stream = otherwise;
	if (!path || strcmp(path, "-") == 0)
		return 0;
	name = strrchr(path, '/');
	if (strlen(name ? name + 1 : path) > NAME_MAX)
		return -ENAMETOOLONG;
	if (strlen(path) + sizeof(".XXXXXX") > sizeof(output->path))
		return -ENAMETOOLONG;
	strcpy(output->path, path);
	/* a device or a pipe is written as it is */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) {
		output->stream = fopen(path, "we");
		return output->stream ? 0 : -errno;
	}
	strcpy(output->temporary, path);
	strcat(output->temporary, ".XXXXXX");
	fd = open_nameless(output);
	if (fd < 0)
		fd = mkostemp(output->temporary, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		output->temporary[0] = '\0';
		return err;
	}
	if (fchmod(fd, 0644) || !(output->stream = fdopen(fd, "w"))) {
		err = -errno;
		close(fd);
		take_away(output);
		return err;
	}
	return 0;
}

void output__in_background(struct output *output)
{
	if (fflush(output->stream) || outbox__open(&output->box, fileno(output->stream)))
		return;
	output->target = output->stream;
	output->stream = outbox__stream(output->box);
	out__stands_for(output->stream, fileno(output->target));
}

int output__flush(struct output *output, uint64_t items)
{
	int err = fflush(output->stream) ? -errno : 0;

	if (!output->box || err)
		return err;
	err = outbox__send(output->box);
	if (err != -ENOBUFS)
		return err;
	output->dropped += items;
	return 0;
}

/* to the end of what is in the background */
static int come_back(struct output *output)
{
	int err = output__flush(output, 1);

	if (!err)
		err = outbox__drain(output->box, output->hurried ? PATIENCE_SECONDS : 0);
	outbox__close(output->box);
	output->box = NULL;
	out__stands_for(NULL, -1);
	output->stream = output->target;
	return err;
}

/* a nameless file gets its name beside the place first: a rename replaces, a link does not */
static int put_in_place(struct output *output)
{
	if (output->nameless) {
		char self[64];

		snprintf(self, sizeof(self), "/proc/self/fd/%d", fileno(output->stream));
		snprintf(output->temporary, sizeof(output->temporary), "%.4000s.%d", output->path, (int)getpid());
		if (linkat(AT_FDCWD, self, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW))
			return -errno;
		output->nameless = false;
	}
	return rename(output->temporary, output->path) ? -errno : 0;
}

int output__close(struct output *output, int failed)
{
	int err = 0;

	if (!output->stream)
		return 0;
	if (output->box)
		err = come_back(output);
	if (!err && (fflush(output->stream) || ferror(output->stream)))
		err = -errno;
	if (output->temporary[0] && !failed && !err)
		err = put_in_place(output);
	else
		failed = 1;
	if (output->path[0] && fclose(output->stream) && !err)
		err = -errno;
	if (failed || err)
		take_away(output);
	output->stream = NULL;
	output->temporary[0] = '\0';
	return err;
}

int output__failed(const struct output *output, int err)
{
	const char *where = output->path[0] ? output->path : "standard output";

	if (err == -ETIMEDOUT) {
		say("nobody reads %s: the end of the output is missing", where);
		return EXIT_FAILED;
	}
	if (err == -EPIPE && !output->path[0])
		return EXIT_FAILED; /* the reader has gone: it needs no word */
	say("cannot write to %s: %s", where, strerror(-err));
	return EXIT_FAILED;
}

int output__finish(struct output *output, int status, int err)
{
	int closed = output__close(output, status != EXIT_OK || err);

	if (status == EXIT_OK && (err || closed))
		return output__failed(output, err ? err : closed);
	return status;
}
