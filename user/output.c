// SPDX-License-Identifier: GPL-2.0-only
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options.h"
#include "out.h"
#include "say.h"

#define PATIENCE_SECONDS 2           /* of a user who wants to leave */
#define FOLDER_MAX (PATH_MAX - 40)   /* a name goes behind it */
#define NAMES_MOST 100               /* that others may have left behind */
#define COPY_BYTES ((size_t)1 << 20) /* at a time */

/* a file or a device; else the stream is the caller's */
static bool is_ours(const struct output *output)
{
	return output->path != NULL;
}

/* a file without a name: whatever ends us, nothing of it stays. -1 where there is no such thing. */
static int open_nameless(const struct output *output)
{
	char folder[FOLDER_MAX];

	if (place__folder(&output->place, folder, sizeof(folder)))
		return -1;
	return open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
}

static int create(struct output *output)
{
	/* of one that is there the mode comes later */
	return open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, output->place.exists ? 0600 : 0666);
}

/* without /proc it takes the kernel's consent (CAP_DAC_READ_SEARCH) */
static int give_name(struct output *output)
{
	int fd = fileno(output->stream);
	char self[64];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	return errno == EEXIST ? -1 : linkat(fd, "", AT_FDCWD, output->temporary, AT_EMPTY_PATH);
}

/* with a name that nobody has; what make() returns, or -errno */
static int make_beside(struct output *output, int (*make)(struct output *output))
{
	char folder[FOLDER_MAX];
	int made = place__folder(&output->place, folder, sizeof(folder));

	if (made)
		return made;
	for (int n = 0; n < NAMES_MOST; n++) {
		snprintf(output->temporary, sizeof(output->temporary), "%s/.pagetide.%d.%d", folder, (int)getpid(), n);
		made = make(output);
		if (made >= 0)
			return made;
		if (errno != EEXIST)
			break;
	}
	made = -errno;
	output->temporary[0] = '\0';
	return made;
}

/* as far as our rights go */
static int take_access(const struct output *output, int fd)
{
	const struct stat *old = &output->place.status;

	if (!output->place.exists)
		return output->mode && fchmod(fd, output->mode) ? -errno : 0;
	if (fchmod(fd, old->st_mode & 0777))
		return -errno;
	(void)(fchown(fd, old->st_uid, old->st_gid) && fchown(fd, (uid_t)-1, old->st_gid)); /* else it is ours */
	return 0;
}

static void take_away(struct output *output)
{
	if (output->temporary[0])
		unlink(output->temporary);
	output->temporary[0] = '\0';
}

static int open_beside(struct output *output)
{
	int err, fd = open_nameless(output);

	if (fd < 0)
		fd = make_beside(output, create);
	if (fd < 0)
		return fd;
	err = take_access(output, fd);
	if (!err && !(output->stream = fdopen(fd, "w")))
		err = -errno;
	if (err) {
		close(fd);
		take_away(output);
	}
	output->replaces = !err;
	return err;
}

static int open_as_it_is(struct output *output)
{
	int fd = output->place.fd, copy;

	if (fd < 0) {
		output->stream = fopen(output->place.path, "we");
		return output->stream ? 0 : -errno;
	}
	copy = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (copy < 0)
		return -errno;
	output->stream = fdopen(copy, "w");
	if (output->stream)
		return 0;
	close(copy);
	return -errno;
}

int output__open_file(struct output *output, const char *path, mode_t mode)
{
	int err;

	memset(output, 0, sizeof(*output));
	output->path = path;
	output->mode = mode;
	err = place__find(&output->place, path);
	if (err)
		return err;
	return output->place.as_it_is ? -ENOTSUP : open_beside(output);
}

int output__open(struct output *output, const char *path, FILE *otherwise)
{
	int err;

	if (path && strcmp(path, "-") != 0) {
		err = output__open_file(output, path, 0);
		return err == -ENOTSUP && output->place.as_it_is ? open_as_it_is(output) : err;
	}
	memset(output, 0, sizeof(*output));
	output->stream = otherwise;
	return 0;
}

bool output__same_file(const struct output *a, const struct output *b)
{
	return is_ours(a) && is_ours(b) && place__same_file(&a->place, &b->place);
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

/* where a nameless file can get no name */
static int copy_beside(struct output *output)
{
	int from = fileno(output->stream), to, err;
	ssize_t sent;

	to = make_beside(output, create);
	if (to < 0)
		return to;
	err = take_access(output, to);
	if (!err && lseek(from, 0, SEEK_SET) < 0)
		err = -errno;
	do {
		sent = err ? 0 : sendfile(to, from, NULL, COPY_BYTES);
	} while (sent > 0);
	if (sent < 0)
		err = -errno;
	if (close(to) && !err)
		err = -errno;
	return err;
}

/* a nameless file gets its name beside the place first: a rename replaces, a link does not */
static int put_in_place(struct output *output)
{
	int err = 0;

	if (!output->temporary[0])
		err = make_beside(output, give_name);
	if (err)
		err = copy_beside(output);
	if (!err && rename(output->temporary, output->place.path))
		err = -errno;
	return err;
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
	if (output->replaces && !failed && !err) {
		err = put_in_place(output);
		if (!err)
			output->temporary[0] = '\0'; /* it is no longer there */
	}
	if (is_ours(output) && fclose(output->stream) && !err)
		err = -errno;
	take_away(output);
	output->stream = NULL;
	return err;
}

int output__failed(const struct output *output, int err)
{
	const char *where = is_ours(output) ? output->path : "standard output";

	if (err == -ETIMEDOUT) {
		say("nobody reads %s: the end of the output is missing", where);
		return EXIT_FAILED;
	}
	if (err == -EPIPE && !is_ours(output))
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
