// SPDX-License-Identifier: GPL-2.0-only
#include "journal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define JOURNAL "/run/systemd/journal/socket"
#define SYSLOG "/dev/log"
#define PRIORITY 4 /* LOG_WARNING */
#define DAEMON_WARNING (3 << 3 | PRIORITY)

struct journal {
	int fd;
	bool native;
	uint64_t lost;
	char text[8192];
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

int journal__open(struct journal **out)
{
	struct journal *journal = calloc(1, sizeof(*journal));

	*out = NULL;
	if (!journal)
		return -ENOMEM;
	journal->fd = connect_to(JOURNAL);
	journal->native = journal->fd >= 0;
	if (journal->fd < 0)
		journal->fd = connect_to(SYSLOG);
	if (journal->fd < 0) {
		free(journal);
		return -ENOENT;
	}
	*out = journal;
	return 0;
}

void journal__close(struct journal *journal)
{
	if (!journal)
		return;
	close(journal->fd);
	free(journal);
}

void journal__send(struct journal *journal, const char *message, const char *fields)
{
	int n;

	if (journal->native)
		n = snprintf(journal->text, sizeof(journal->text),
			     "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=pagetide\n%s", message, PRIORITY, fields);
	else
		n = snprintf(journal->text, sizeof(journal->text), "<%d>pagetide[%d]: %s", DAEMON_WARNING, getpid(),
			     message);
	if (n < 0 || (size_t)n >= sizeof(journal->text) ||
	    send(journal->fd, journal->text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) != n)
		journal->lost++;
}

uint64_t journal__lost(const struct journal *journal)
{
	return journal->lost;
}
