/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Warnings to the system's log: systemd's journal with fields, else syslog's socket.
 * It never waits: a log that takes nothing loses a line, and the loss is counted.
 */
#ifndef PAGETIDE_JOURNAL_H
#define PAGETIDE_JOURNAL_H

#include <stdint.h>

struct journal;

/* 0; -ENOENT: there is neither; -ENOMEM */
int journal__open(struct journal **journal);
void journal__close(struct journal *journal); /* takes NULL */
/* fields: "KEY=value" lines, each ended by a newline; only the journal takes them */
void journal__send(struct journal *journal, const char *message, const char *fields);
uint64_t journal__lost(const struct journal *journal);

#endif
