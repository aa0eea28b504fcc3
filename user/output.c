// SPDX-License-Identifier: GPL-2.0-only
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "say.h"

int output__open(struct output *output, const char *path, FILE *otherwise)
{
	struct stat status;
	int fd, err;

	memset(output, 0, sizeof(*output));
	output->stream = otherwise;
	if (!path || strcmp(path, "-") == 0)
		return 0;
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
	fd = mkostemp(output->temporary, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		output->temporary[0] = '\0';
		return err;
	}
	if (fchmod(fd, 0644) || !(output->stream = fdopen(fd, "w"))) {
		err = -errno;
		close(fd);
		unlink(output->temporary);
		output->temporary[0] = '\0';
		return err;
	}
	return 0;
}

int output__close(struct output *output, int failed)
{
	int err = 0;

	if (!output->stream)
		return 0;
	if (fflush(output->stream) || ferror(output->stream))
		err = -errno;
	if (output->path[0] && fclose(output->stream) && !err)
		err = -errno;
	if (output->temporary[0]) {
		if (failed || err)
			unlink(output->temporary);
		else if (rename(output->temporary, output->path))
			err = -errno;
	}
	output->stream = NULL;
	output->temporary[0] = '\0';
	return err;
}

int output__failed(const struct output *output, int err)
{
	const char *where = output->path[0] ? output->path : "standard output";

	if (err == -EPIPE && !output->path[0])
		return EXIT_FAILED; /* the reader has gone: it needs no word */
	say("cannot write to %s: %s", where, strerror(-err));
	return EXIT_FAILED;
}
