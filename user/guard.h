/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names and passwords of those who may ask. bcrypt is slow by intent, so a thread of its own computes
 * it, one at a time, and a password that was accepted is known again without it. What is kept of that:
 * for each user an HMAC-SHA256 of the last accepted password, whose key is random and never leaves this
 * process; it is forgotten when the users change. A name that is not known costs what a wrong password
 * costs.
 */
#ifndef PAGETIDE_GUARD_H
#define PAGETIDE_GUARD_H

#include <stdbool.h>
#include <stddef.h>

#include "web_config.h"

#define GUARD_WAITING 16 /* questions at once */

struct guard;

enum guard_verdict {
	GUARD_NO,
	GUARD_YES,
	GUARD_BUSY, /* too many wait, or the users changed meanwhile: ask again */
	GUARD_LATER,
};

/* The caller's, from guard__ask until it was answered. */
struct guard_question {
	enum guard_verdict verdict;      /* to be read after answered() */
	void (*answered)(void *context); /* in the guard's thread: nothing of the question is touched after it */
	void *context;
	/* the guard's own */
	char *name, *password;
	struct guard_question *next;
};

int guard__open(struct guard **guard);  /* 0 or -ENOMEM; nobody is asked for a password */
void guard__close(struct guard *guard); /* takes NULL; all must be answered: guard__drain */

/* From now on these, whose strings are copied; count 0: nobody is asked. 0 or -ENOMEM: as before. */
int guard__set_users(struct guard *guard, const struct web_user *users, size_t count);
bool guard__is_on(const struct guard *guard);

/* GUARD_YES without bcrypt when the password was accepted before; else GUARD_LATER. */
enum guard_verdict guard__known(struct guard *guard, const char *name, const char *password);
/* Has it computed; both are copied. false: it was not taken, and the verdict is GUARD_BUSY. */
bool guard__ask(struct guard *guard, struct guard_question *question, const char *name, const char *password);
/* What waits is answered with GUARD_BUSY; waits for the one that is computed. */
void guard__drain(struct guard *guard);

#endif
