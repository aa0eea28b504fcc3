/* SPDX-License-Identifier: GPL-2.0-only */
/* Telling the service manager how it stands: sd_notify(3)'s protocol, one datagram each. */
#ifndef PAGETIDE_NOTIFY_H
#define PAGETIDE_NOTIFY_H

#include <stdint.h>

/* Lines "READY=1\nSTATUS=…". Without NOTIFY_SOCKET nothing is done: 0; else 0 or -errno. */
int notify__send(const char *state);
/* Nanoseconds between two signs of life that the manager wants; 0: none. */
uint64_t notify__watchdog_ns(void);

#endif
