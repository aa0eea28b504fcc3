// SPDX-License-Identifier: GPL-2.0-only
#include "dispositions.h"

#include <signal.h>

static struct sigaction pipe_before, child_before;
static bool taken;

void dispositions__take(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN }, usual = { .sa_handler = SIG_DFL };

	sigaction(SIGPIPE, &ignore, &pipe_before);
	sigaction(SIGCHLD, &usual, &child_before); /* ignored, nobody would learn how a child ended */
	taken = true;
}

void dispositions__give_back(void)
{
	if (!taken)
		return;
	sigaction(SIGPIPE, &pipe_before, NULL);
	sigaction(SIGCHLD, &child_before, NULL);
}

bool dispositions__ignored(int signal)
{
	struct sigaction now;

	return !sigaction(signal, NULL, &now) && now.sa_handler == SIG_IGN;
}
