/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Warnings to the system's log: systemd's journal with fields, else syslog's socket. It
 * never waits: a log that takes nothing loses a line, and the loss is told and counted.
 * One that comes back, or another in its place, is found again.
 */
#ifndef PAGETIDE_JOURNAL_H
#define PAGETIDE_JOURNAL_H

#include <stdint.h>

#define JOURNAL_MESSAGE_MAX 4096
#define JOURNAL_FIELDS_MAX 3072

struct journal;

/* 0; -ENOENT: there is neither as yet; -ENOMEM: *journal is NULL */
int journal__open(struct journal **journal);
void journal__close(struct journal *journal); /* says how many were lost; takes NULL */
/* One line; fields: "KEY=value" lines, each ended by a newline; only the journal takes them. */
void journal__send(struct journal *journal, const char *message, const char *fields);

#endif
