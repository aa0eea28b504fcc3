// SPDX-License-Identifier: GPL-2.0-only
#include "dispositions.h"

#include <stddef.h>

static struct disposition {
	int signal;
	void (*ours)(int);
	struct sigaction before;
} changed[] = {
	{ .signal = SIGPIPE, .ours = SIG_IGN },
	{ .signal = SIGXFSZ, .ours = SIG_IGN },
	{ .signal = SIGCHLD, .ours = SIG_DFL }, /* ignored, nobody would learn how a child ended */
};

#define CHANGED (sizeof(changed) / sizeof(*changed))

static bool taken;

void dispositions__take(void)
{
	for (size_t i = 0; i < CHANGED; i++) {
		const struct sigaction now = { .sa_handler = changed[i].ours };

		sigaction(changed[i].signal, &now, &changed[i].before);
	}
	taken = true;
}

void dispositions__give_back(void)
{
	for (size_t i = 0; taken && i < CHANGED; i++)
		sigaction(changed[i].signal, &changed[i].before, NULL);
}

void dispositions__changed(sigset_t *signals)
{
	sigemptyset(signals);
	for (size_t i = 0; i < CHANGED; i++)
		sigaddset(signals, changed[i].signal);
}

bool dispositions__ignored(int signal)
{
	struct sigaction now;

	return !sigaction(signal, NULL, &now) && now.sa_handler == SIG_IGN;
}
