// SPDX-License-Identifier: GPL-2.0-only
#include "journal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "say.h"

#define JOURNAL "/run/systemd/journal/socket"
#define SYSLOG "/dev/log"
#define PRIORITY 4 /* LOG_WARNING */
#define DAEMON_WARNING (3 << 3 | PRIORITY)

struct journal {
	int fd; /* -1: there is no log */
	bool native;
	uint64_t lost; /* since the last that was taken */
	char text[JOURNAL_MESSAGE_MAX + JOURNAL_FIELDS_MAX + 128];
};

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

	if (fd < 0)
		return -errno;
	strcpy(address.sun_path, path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static void find_log(struct journal *journal)
{
	journal->fd = connect_to(JOURNAL);
	journal->native = journal->fd >= 0;
	if (journal->fd < 0)
		journal->fd = connect_to(SYSLOG);
}

static void leave_log(struct journal *journal)
{
	if (journal->fd >= 0)
		close(journal->fd);
	journal->fd = -1;
}

int journal__open(struct journal **out)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	*out = journal;
	if (!journal)
		return -ENOMEM;
	find_log(journal);
	return journal->fd < 0 ? -ENOENT : 0;
}

static void tell_lost(struct journal *journal)
{
	if (journal->lost)
		say("%" PRIu64 " warnings are not in the system's log: it took none", journal->lost);
	journal->lost = 0;
}

void journal__close(struct journal *journal)
{
	if (!journal)
		return;
	tell_lost(journal);
	leave_log(journal);
	free(journal);
}

static int send_to_log(struct journal *journal, const char *message, const char *fields)
{
	int n;

	if (journal->fd < 0)
		find_log(journal);
	if (journal->fd < 0)
		return -ENOENT;
	if (journal->native)
		n = snprintf(journal->text, sizeof(journal->text),
			     "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=pagetide\n%s", message, PRIORITY, fields);
	else
		n = snprintf(journal->text, sizeof(journal->text), "<%d>pagetide[%d]: %s", DAEMON_WARNING, getpid(),
			     message);
	if (n < 0 || (size_t)n >= sizeof(journal->text))
		return -EMSGSIZE;
	return send(journal->fd, journal->text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void journal__send(struct journal *journal, const char *message, const char *fields)
{
	int err = send_to_log(journal, message, fields);

	/* whoever listened there has gone; a successor has a socket of its own */
	if (err && err != -EAGAIN && err != -EMSGSIZE) {
		leave_log(journal);
		err = send_to_log(journal, message, fields);
	}
	if (!err)
		tell_lost(journal);
	else if (journal->lost++ == 0)
		say("the system's log does not take a warning: %s", strerror(-err));
}
